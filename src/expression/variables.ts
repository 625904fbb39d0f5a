/**
 * Finds the `{{ variables }}` in a string that an author wrote. A variable is `{{`, text without braces except one level
 * of `{...}`, `}}`; it may hold variables itself. `\{{` is the way to write `{{`. What does not close is plain text.
 */

/** Plain text, or a variable. */
export type Piece = string | Variable;

export interface Variable {
  /** As written, with its braces. */
  readonly source: string;
  /** What stands inside the braces: text, and nested variables. */
  readonly pieces: readonly Piece[];
}

/** Variables within variables; real policies use one level. */
export const MAX_VARIABLE_NESTING = 10;

/** Undefined when variables are nested too deeply. */
export function findVariables(text: string): readonly Piece[] | undefined {
  if (!text.includes("{{")) return [text];
  return new Scanner(text).scan();
}

class Scanner {
  readonly #text: string;
  readonly #lastClose: number;
  #isTooDeep: boolean = false;

  constructor(text: string) {
    this.#text = text;
    this.#lastClose = text.lastIndexOf("}}");
  }

  scan(): readonly Piece[] | undefined {
    const pieces: Piece[] = [];
    let plainFrom = 0;
    let at = this.#text.indexOf("{{");
    while (at >= 0) {
      const isEscaped = this.#text[at - 1] === "\\";
      const found = isEscaped ? undefined : this.#variable(at, 1);
      if (isEscaped) {
        addText(pieces, `${this.#text.slice(plainFrom, at - 1)}{{`);
        plainFrom = at + 2;
      } else if (found !== undefined) {
        addText(pieces, this.#text.slice(plainFrom, at));
        pieces.push(found.variable);
        plainFrom = found.end;
      }
      at = this.#text.indexOf("{{", Math.max(plainFrom, at + (found === undefined ? 1 : 0)));
    }
    addText(pieces, this.#text.slice(plainFrom));
    return this.#isTooDeep ? undefined : pieces;
  }

  /** The variable that opens at `start`, if it closes properly. */
  #variable(start: number, depth: number): { variable: Variable; end: number } | undefined {
    if (depth > MAX_VARIABLE_NESTING) this.#isTooDeep = true;
    if (this.#isTooDeep || start + 2 > this.#lastClose) return undefined;
    const pieces: Piece[] = [];
    let plainFrom = start + 2;
    let isInGroup = false;
    for (let at = plainFrom; at < this.#text.length; at++) {
      const character = this.#text[at];
      if (character === "{") {
        const nested = this.#text[at + 1] === "{" ? this.#variable(at, depth + 1) : undefined;
        if (nested !== undefined) {
          addText(pieces, this.#text.slice(plainFrom, at));
          pieces.push(nested.variable);
          plainFrom = nested.end;
          at = nested.end - 1;
        } else if (isInGroup) return undefined;
        else isInGroup = true;
      } else if (character === "}" && isInGroup) {
        isInGroup = false;
      } else if (character === "}") {
        if (this.#text[at + 1] !== "}") return undefined;
        addText(pieces, this.#text.slice(plainFrom, at));
        return { variable: { source: this.#text.slice(start, at + 2), pieces }, end: at + 2 };
      }
    }
    return undefined;
  }
}

function addText(pieces: Piece[], text: string): void {
  const last = pieces.at(-1);
  if (typeof last === "string") pieces[pieces.length - 1] = last + text;
  else if (text !== "") pieces.push(text);
}
