/** Text of an expression to tokens. Fails with a Fault that carries the position. */

import { type Json, parseJson } from "../../object/index.ts";
import { Fault } from "./fault.ts";
import { hasHole } from "./hole.ts";
import { MAX_EXPRESSION_LENGTH } from "./limits.ts";

export type Token =
  | { readonly kind: "name" | "quoted"; readonly text: string; readonly at: number }
  | { readonly kind: "number"; readonly value: number; readonly at: number }
  | { readonly kind: "literal"; readonly value: Json; readonly at: number }
  | { readonly kind: "openLiteral" | "openText"; readonly text: string; readonly at: number }
  | { readonly kind: Symbol | "end"; readonly at: number };

const SYMBOLS = [
  ...["||", "&&", "==", "!=", "<=", ">=", "[]", "[?"],
  ...[".", "*", ",", ":", "[", "]", "{", "}", "(", ")", "@", "&", "|", "!", "<", ">"],
] as const;
export type Symbol = (typeof SYMBOLS)[number];

const SPACE = /[ \t\n\r]*/y;
const NAME = /(?:[A-Za-z_]|\ufdd0\d+\ufdd1)(?:[A-Za-z0-9_]|\ufdd0\d+\ufdd1)*/y;
const NUMBER = /-?[0-9]+/y;
const QUOTED = /"(?:[^"\\]|\\.)*"/sy;
const RAW = /'(?:[^'\\]|\\.)*'/sy;
const BACKTICKS = /`(?:[^`\\]|\\.)*`/sy;

export function lex(source: string): Token[] {
  if (source.length > MAX_EXPRESSION_LENGTH) {
    throw new Fault(`the expression is longer than ${MAX_EXPRESSION_LENGTH} characters`);
  }
  const tokens: Token[] = [];
  let at = skipSpace(source, 0);
  while (at < source.length) {
    const { token, end } = nextToken(source, at);
    tokens.push(token);
    at = skipSpace(source, end);
  }
  tokens.push({ kind: "end", at });
  return tokens;
}

function nextToken(source: string, at: number): { token: Token; end: number } {
  const name = matchAt(NAME, source, at);
  if (name !== undefined) return { token: { kind: "name", text: name, at }, end: at + name.length };
  const number = matchAt(NUMBER, source, at);
  if (number !== undefined) {
    return { token: { kind: "number", value: readNumber(number, at), at }, end: at + number.length };
  }
  const quote = source.charAt(at);
  if (quote === '"' || quote === "'" || quote === "`") return quotedToken(quote, source, at);
  const symbol = SYMBOLS.find((candidate) => source.startsWith(candidate, at));
  if (symbol === undefined) throw new Fault(unexpected(source, at), { position: at });
  return { token: { kind: symbol, at }, end: at + symbol.length };
}

function quotedToken(quote: string, source: string, at: number): { token: Token; end: number } {
  const form = quote === '"' ? QUOTED : quote === "'" ? RAW : BACKTICKS;
  const whole = matchAt(form, source, at);
  if (whole === undefined) throw new Fault(`the ${quote} has no closing ${quote}`, { position: at });
  const inner = whole.slice(1, -1);
  const end = at + whole.length;
  if (quote === '"') return { token: { kind: "quoted", text: readQuoted(whole, at), at }, end };
  if (quote === "'") return { token: textToken(inner.replaceAll("\\'", "'"), at), end };
  return { token: literalToken(inner.replaceAll("\\`", "`"), at), end };
}

function textToken(text: string, at: number): Token {
  return hasHole(text) ? { kind: "openText", text, at } : { kind: "literal", value: text, at };
}

function literalToken(text: string, at: number): Token {
  return hasHole(text) ? { kind: "openLiteral", text, at } : { kind: "literal", value: readLiteral(text, at), at };
}

function readLiteral(text: string, at: number): Json {
  try {
    return parseJson(text);
  } catch {
    const hint = /^\s*[A-Za-z_]/.test(text) ? `; a text is written in single quotes: '${text.trim()}'` : "";
    throw new Fault(`\`${text}\` is not JSON${hint}`, { position: at });
  }
}

function readQuoted(whole: string, at: number): string {
  try {
    const text: unknown = JSON.parse(whole);
    if (typeof text === "string") return text;
  } catch {
    // Reported below: the same words for every way of being malformed.
  }
  throw new Fault(`${whole} is not a well-formed quoted name (the escapes are those of JSON)`, { position: at });
}

function readNumber(text: string, at: number): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new Fault(`the number ${text} is too large`, { position: at });
  return value;
}

function unexpected(source: string, at: number): string {
  const character = String.fromCodePoint(source.codePointAt(at) ?? 0);
  if (character === "=") return "= is no operator; equality is ==";
  return `${JSON.stringify(character)} is not expected here`;
}

function skipSpace(source: string, at: number): number {
  return at + (matchAt(SPACE, source, at)?.length ?? 0);
}

function matchAt(form: RegExp, source: string, at: number): string | undefined {
  form.lastIndex = at;
  return form.exec(source)?.[0];
}
