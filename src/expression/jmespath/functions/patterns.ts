/** Regular expressions (RE2: linear time), wildcards and label matching. */

import { RE2JS } from "re2js";
import { compileWildcard } from "../../wildcard.ts";
import { showValue } from "../json-text.ts";
import type { Run } from "../run.ts";
import { isEqual } from "../value.ts";
import type { Arguments, FunctionSpec } from "./signature.ts";

const STRING = ["string"] as const;
const TEXT = ["string", "number"] as const;

export const patternFunctions: readonly FunctionSpec[] = [
  {
    name: "regex_match",
    parameters: [STRING, TEXT],
    checkLiteral: { at: 0, check: compileRegex },
    call(args, run) {
      const regex = compileRegex(args);
      const text = showValue(args.value(1), run);
      payForSearch(regex, text.length, run);
      return regex.matcher(text).find();
    },
  },
  {
    name: "regex_replace_all",
    parameters: [STRING, TEXT, TEXT],
    checkLiteral: { at: 0, check: compileRegex },
    call: (args, run) => replaceMatches(args, run, expandTemplate(showValue(args.value(2), run))),
  },
  {
    name: "regex_replace_all_literal",
    parameters: [STRING, TEXT, TEXT],
    checkLiteral: { at: 0, check: compileRegex },
    call(args, run) {
      const literal = showValue(args.value(2), run);
      return replaceMatches(args, run, () => literal);
    },
  },
  {
    name: "pattern_match",
    parameters: [STRING, TEXT],
    call(args, run) {
      const text = showValue(args.value(1), run);
      run.spend(Math.ceil((args.text(0).length * text.length) / 16));
      return compileWildcard(args.text(0))(text);
    },
  },
  {
    name: "label_match",
    parameters: [["object"], ["object"]],
    call(args, run) {
      const labels = args.object(1);
      return Object.entries(args.object(0)).every(
        ([key, value]) => Object.hasOwn(labels, key) && isEqual(value, labels[key] ?? null, run),
      );
    },
  },
];

/** Compiling costs more than matching, and policies use few patterns: the last ones are kept. */
const CACHE_SIZE = 256;
const compiledRegexes = new Map<string, RE2JS>();
const LONGEST_PATTERN = 10_000;

function compileRegex(args: Arguments): RE2JS {
  const pattern = args.text(0);
  const known = compiledRegexes.get(pattern);
  if (known !== undefined) return known;
  if (pattern.length > LONGEST_PATTERN) throw args.fail(`the pattern is longer than ${LONGEST_PATTERN} characters`);
  const regex = compileNew(pattern, args);
  if (compiledRegexes.size >= CACHE_SIZE) compiledRegexes.clear();
  compiledRegexes.set(pattern, regex);
  return regex;
}

function compileNew(pattern: string, args: Arguments): RE2JS {
  try {
    return RE2JS.compile(pattern);
  } catch (error) {
    const reason = error instanceof Error ? error.message : "it cannot be read";
    throw args.fail(`${reason} (the syntax is RE2: no lookaround, no back references)`);
  }
}

/** A search costs at most program size times text length. */
function payForSearch(regex: RE2JS, length: number, run: Run): void {
  run.spend(8 + Math.ceil((regex.programSize() * length) / 64));
}

/**
 * True when finding where a match ends may read on to the end of the text, each time anew: some repetition without an
 * upper end is followed by more of the pattern. (`a[^z]*z|a` on a run of `a` is the example.)
 */
function mayLookAhead(pattern: string): boolean {
  const repeats = pattern.matchAll(/[*+]|\{\d+,\}/g);
  return [...repeats].some((found) => !/^\??\)*$/.test(pattern.slice(found.index + found[0].length)));
}

type Expand = (group: (name: string) => string) => string;

function replaceMatches(args: Arguments, run: Run, expand: Expand): string {
  const regex = compileRegex(args);
  const text = showValue(args.value(1), run);
  payForSearch(regex, text.length, run);
  const named = regex.namedGroups();
  const looksAhead = mayLookAhead(regex.pattern());
  const matcher = regex.matcher(text);
  let result = "";
  let from = 0;
  while (matcher.find()) {
    run.spend(4 + (looksAhead ? (text.length - matcher.end()) >>> 3 : 0));
    const piece = text.slice(from, matcher.start()) + expand((name) => groupText(name, matcher, named));
    run.build(piece.length);
    result += piece;
    from = matcher.end();
  }
  return result + text.slice(from);
}

interface Groups {
  groupCount(): number;
  group(group: number): string | null;
}

/** A group that does not exist is empty. */
function groupText(name: string, groups: Groups, named: Readonly<Record<string, number>>): string {
  const number = /^\d+$/.test(name) ? Number(name) : Object.hasOwn(named, name) ? named[name] : undefined;
  return number === undefined || number > groups.groupCount() ? "" : (groups.group(number) ?? "");
}

/** `$1`, `${1}`, `$name`, `$$`; the longest run of word characters is the name, so `$1x` is the group named 1x. */
function expandTemplate(template: string): Expand {
  const pieces = template.split(/(\$\$|\$\{[A-Za-z0-9_]+\}|\$[A-Za-z0-9_]+)/);
  return (group) => pieces.map((piece, index) => (index % 2 === 0 ? piece : expandPiece(piece, group))).join("");
}

function expandPiece(piece: string, group: (name: string) => string): string {
  return piece === "$$" ? "$" : group(piece.replaceAll(/[${}]/g, ""));
}
