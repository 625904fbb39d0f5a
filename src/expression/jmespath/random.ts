/** Text that fits a pattern such as `[a-z0-9]{8}`: literals, classes, groups, alternatives and repetition. */

import { Fault } from "./fault.ts";
import type { Run } from "./run.ts";

/** What a piece of the pattern appends. */
type Generator = (draw: Draw) => void;

interface Draw {
  readonly run: Run;
  readonly next: () => number;
  text: string;
}

const MAX_GROUPS = 50;
const LONGEST_PATTERN = 1000;
/** What `*` and `+` add at most. */
const OPEN_REPEATS = 10;

export function generateText(pattern: string, next: () => number, run: Run): string {
  const draw: Draw = { run, next, text: "" };
  parsePattern(pattern)(draw);
  return draw.text;
}

/** Throws a Fault when it is no pattern. */
export function checkPattern(pattern: string): void {
  parsePattern(pattern);
}

function parsePattern(pattern: string): Generator {
  if (pattern === "") throw new Fault("random: the pattern is empty");
  if (pattern.length > LONGEST_PATTERN)
    throw new Fault(`random: the pattern is longer than ${LONGEST_PATTERN} characters`);
  return generatorOf(pattern);
}

/** Of patterns that were parsed: mostly a policy writes them out, so that they come again with each claim. */
const PARSED = new Map<string, Generator>();
const MOST_PARSED = 100;

function generatorOf(pattern: string): Generator {
  const known = PARSED.get(pattern);
  if (known !== undefined) return known;
  const generator = new PatternParser(pattern).parse();
  if (PARSED.size >= MOST_PARSED) PARSED.clear();
  PARSED.set(pattern, generator);
  return generator;
}

class PatternParser {
  readonly #characters: readonly string[];
  #at = 0;
  #groups = 0;

  constructor(pattern: string) {
    this.#characters = [...pattern.replace(/^\^/, "").replace(/(?<!\\)\$$/, "")];
  }

  parse(): Generator {
    const generator = this.#alternatives();
    if (this.#at < this.#characters.length) throw this.#wrong(") has no opening (");
    return generator;
  }

  #alternatives(): Generator {
    const choices = [this.#sequence()];
    while (this.#peek() === "|") {
      this.#at++;
      choices.push(this.#sequence());
    }
    return (draw) => choices[pick(draw, choices.length)]?.(draw);
  }

  #sequence(): Generator {
    const parts: Generator[] = [];
    for (let next = this.#peek(); next !== undefined && next !== "|" && next !== ")"; next = this.#peek()) {
      parts.push(this.#repeated(this.#atom()));
    }
    return (draw) => {
      for (const part of parts) part(draw);
    };
  }

  #atom(): Generator {
    const character = this.#take();
    if (character === "(") return this.#group();
    if (character === "[") return oneOf(this.#class());
    if (character === "\\") return oneOf(escaped(this.#take()));
    if (character === ".") return oneOf(PRINTABLE);
    if ("*+?{".includes(character)) throw this.#wrong(`${character} has nothing to repeat`);
    return oneOf([character]);
  }

  #group(): Generator {
    if (++this.#groups > MAX_GROUPS) throw this.#wrong(`more than ${MAX_GROUPS} groups`);
    if (this.#peek() === "?" && this.#peek(1) === ":") this.#at += 2;
    const body = this.#alternatives();
    if (this.#take() !== ")") throw this.#wrong("( has no closing )");
    return body;
  }

  #class(): readonly string[] {
    const isNegated = this.#peek() === "^";
    if (isNegated) this.#at++;
    const members = new Set<string>();
    for (let isFirst = true; isFirst || this.#peek() !== "]"; isFirst = false) this.#member(members);
    this.#at++;
    const choices = isNegated ? PRINTABLE.filter((character) => !members.has(character)) : [...members];
    if (choices.length === 0) throw this.#wrong("a class has no characters");
    return choices;
  }

  #member(members: Set<string>): void {
    const character = this.#take();
    const set = character === "\\" ? escaped(this.#take()) : [character];
    const [first = ""] = set;
    if (set.length > 1 || this.#peek() !== "-" || this.#peek(1) === "]") {
      for (const each of set) members.add(each);
      return;
    }
    this.#at++;
    const last = this.#take();
    const [from, to] = [first.codePointAt(0) ?? 0, last.codePointAt(0) ?? 0];
    if (to < from || to - from > 0xffff) throw this.#wrong(`${first}-${last} is no range`);
    for (let code = from; code <= to; code++) members.add(String.fromCodePoint(code));
  }

  #repeated(atom: Generator): Generator {
    const counts = this.#counts();
    if (counts === undefined) return atom;
    const [least, most] = counts;
    return (draw) => {
      const times = least + pick(draw, most - least + 1);
      for (let time = 0; time < times; time++) atom(draw);
    };
  }

  #counts(): readonly [number, number] | undefined {
    const next = this.#peek();
    if (next === "?" || next === "*" || next === "+") {
      this.#at++;
      return [next === "+" ? 1 : 0, next === "?" ? 1 : OPEN_REPEATS];
    }
    const found =
      next === "{"
        ? /^\{(\d{1,9})(,(\d{0,9}))?\}/.exec(this.#characters.slice(this.#at, this.#at + 22).join(""))
        : null;
    if (found === null) {
      if (next === "{") throw this.#wrong("{ is no repetition such as {8} or {2,4}");
      return undefined;
    }
    this.#at += found[0].length;
    const least = Number(found[1]);
    const most = found[2] === undefined ? least : found[3] === "" ? least + OPEN_REPEATS : Number(found[3]);
    if (most < least) throw this.#wrong(`${found[0]} ends before it begins`);
    return [least, most];
  }

  #peek(ahead = 0): string | undefined {
    return this.#characters[this.#at + ahead];
  }

  #take(): string {
    const character = this.#characters[this.#at++];
    if (character === undefined) throw this.#wrong("it ends too early");
    return character;
  }

  #wrong(message: string): Fault {
    return new Fault(
      `random: the pattern ${JSON.stringify(this.#characters.join("").slice(0, 80))} is wrong: ${message}`,
    );
  }
}

/** Steps for a draw, which takes a share of a digest: a whole budget of them is a tenth of a second. */
const DRAW = 16;

function pick(draw: Draw, count: number): number {
  draw.run.spend(DRAW);
  return count === 1 ? 0 : Math.min(count - 1, Math.floor(draw.next() * count));
}

function oneOf(choices: readonly string[]): Generator {
  return (draw) => {
    const character = choices[pick(draw, choices.length)] ?? "";
    draw.run.build(character.length);
    draw.text += character;
  };
}

const PRINTABLE: readonly string[] = charactersBetween(0x20, 0x7e);
const DIGITS = charactersBetween(0x30, 0x39);
const WORD = [...charactersBetween(0x61, 0x7a), ...charactersBetween(0x41, 0x5a), ...DIGITS, "_"];

function charactersBetween(first: number, last: number): string[] {
  return Array.from({ length: last - first + 1 }, (_, at) => String.fromCharCode(first + at));
}

function escaped(character: string): readonly string[] {
  switch (character) {
    case "d":
      return DIGITS;
    case "w":
      return WORD;
    case "s":
      return [" "];
    case "n":
      return ["\n"];
    case "t":
      return ["\t"];
    default:
      return [character];
  }
}
