/** The tokens of an expression, read one after another, with the words for what does not fit. */

import { printJson } from "../../object/index.ts";
import { Fault } from "./fault.ts";
import { showHoles } from "./hole.ts";
import type { Token } from "./lex.ts";

export class Cursor {
  readonly #tokens: readonly Token[];
  #next = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  peek(ahead = 0): Token {
    return this.#tokens[this.#next + ahead] ?? { kind: "end", at: 0 };
  }

  take(): Token {
    const token = this.peek();
    if (token.kind !== "end") this.#next++;
    return token;
  }

  expect(kind: Token["kind"]): void {
    const token = this.peek();
    if (token.kind !== kind) throw this.unexpected(token, kind === "end" ? undefined : `${kind} is expected`);
    this.#next++;
  }

  unexpected(token: Token, expected?: string): Fault {
    const what = token.kind === "end" ? "the expression ends too early" : `${showToken(token)} is not expected here`;
    return new Fault(expected === undefined ? what : `${what}: ${expected}`, { position: token.at });
  }
}

function showToken(token: Token): string {
  if (token.kind === "number") return String(token.value);
  if (token.kind === "literal") return printJson(token.value);
  return "text" in token ? showHoles(token.text) : token.kind;
}
