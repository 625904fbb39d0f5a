/** The policy language's functions on text. */

import type { Run } from "../run.ts";
import { compareText } from "../value.ts";
import type { FunctionSpec } from "./signature.ts";

const STRING = ["string"] as const;
const NUMBER = ["number"] as const;

export const textFunctions: readonly FunctionSpec[] = [
  {
    name: "compare",
    parameters: [STRING, STRING],
    call: (args) => Math.sign(compareText(args.text(0), args.text(1))),
  },
  {
    name: "equal_fold",
    parameters: [STRING, STRING],
    call(args, run) {
      run.build(args.text(0).length + args.text(1).length);
      return foldCase(args.text(0)) === foldCase(args.text(1));
    },
  },
  { name: "to_upper", parameters: [STRING], call: (args, run) => mapCharacters(args.text(0), toUpper, run) },
  { name: "to_lower", parameters: [STRING], call: (args, run) => mapCharacters(args.text(0), toLower, run) },
  {
    name: "replace",
    parameters: [STRING, STRING, STRING, NUMBER],
    call(args, run) {
      const limit = Math.trunc(args.number(3));
      const times = limit < 0 ? Number.POSITIVE_INFINITY : limit;
      return replaceText(args.text(0), { old: args.text(1), by: args.text(2), times }, run);
    },
  },
  {
    name: "replace_all",
    parameters: [STRING, STRING, STRING],
    call: (args, run) =>
      replaceText(args.text(0), { old: args.text(1), by: args.text(2), times: Number.POSITIVE_INFINITY }, run),
  },
  { name: "trim", parameters: [STRING, STRING], call: (args, run) => trimSet(args.text(0), args.text(1), run) },
  {
    name: "trim_prefix",
    parameters: [STRING, STRING],
    call: (args) => (args.text(0).startsWith(args.text(1)) ? args.text(0).slice(args.text(1).length) : args.text(0)),
  },
  {
    name: "split",
    parameters: [STRING, STRING],
    call(args, run) {
      run.build(16 * countPieces(args.text(0), args.text(1), run) + args.text(0).length);
      return args.text(1) === "" ? [...args.text(0)] : args.text(0).split(args.text(1));
    },
  },
  {
    name: "truncate",
    parameters: [STRING, NUMBER],
    call(args, run) {
      run.spend(args.text(0).length >>> 3);
      return firstCharacters(args.text(0), Math.trunc(args.number(1)));
    },
  },
  {
    name: "to_boolean",
    parameters: [STRING],
    call(args) {
      const text = args.text(0).toLowerCase();
      if (text !== "true" && text !== "false") throw args.wrong(0, '"true" or "false"');
      return text === "true";
    },
  },
  { name: "path_canonicalize", parameters: [STRING], call: (args, run) => cleanPath(args.text(0), run) },
];

/** One code point to one code point, as Go maps them: `ß` stays. */
function toUpper(character: string): string {
  return oneCharacter(character.toUpperCase(), character);
}

function toLower(character: string): string {
  return oneCharacter(character.toLowerCase(), character);
}

function oneCharacter(mapped: string, original: string): string {
  return [...mapped].length === 1 ? mapped : original;
}

function mapCharacters(text: string, map: (character: string) => string, run: Run): string {
  run.build(4 * text.length);
  let mapped = "";
  for (const character of text) mapped += map(character);
  return mapped;
}

function foldCase(text: string): string {
  let folded = "";
  for (const character of text) folded += toLower(toUpper(character));
  return folded;
}

interface Replacement {
  readonly old: string;
  readonly by: string;
  readonly times: number;
}

/** An empty `old` stands before each character and at the end. */
function replaceText(text: string, { old, by, times }: Replacement, run: Run): string {
  const count = Math.min(times, countPieces(text, old, run) + (old === "" ? 1 : -1));
  run.build(Math.max(text.length, text.length + count * (by.length - old.length)));
  const pieces = old === "" ? ["", ...text] : text.split(old);
  const done = pieces.slice(0, count + 1).join(by);
  const rest = pieces.slice(count + 1);
  if (old === "") return count > pieces.length - 1 ? done + by : done + rest.join("");
  return rest.length === 0 ? done : `${done}${old}${rest.join(old)}`;
}

/** Into how many pieces split() would cut the text. */
function countPieces(text: string, separator: string, run: Run): number {
  run.spend(text.length >>> 3);
  if (separator === "") return text.length;
  let count = 1;
  for (let at = text.indexOf(separator); at >= 0; at = text.indexOf(separator, at + separator.length)) count++;
  return count;
}

function trimSet(text: string, characters: string, run: Run): string {
  run.spend(text.length + characters.length);
  const set = new Set(characters);
  const all = [...text];
  const first = all.findIndex((character) => !set.has(character));
  const last = all.findLastIndex((character) => !set.has(character));
  return first < 0 ? "" : all.slice(first, last + 1).join("");
}

function firstCharacters(text: string, count: number): string {
  if (count <= 0) return "";
  let end = 0;
  for (const character of text) {
    if (count-- <= 0) break;
    end += character.length;
  }
  return text.slice(0, end);
}

function cleanPath(text: string, run: Run): string {
  if (text === "") return "";
  run.build(8 * text.length);
  const isAbsolute = text.startsWith("/");
  const kept: string[] = [];
  for (const part of text.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== ".." || (!isAbsolute && (kept.length === 0 || kept.at(-1) === ".."))) kept.push(part);
    else kept.pop();
  }
  const path = kept.join("/");
  return isAbsolute ? `/${path}` : path === "" ? "." : path;
}
