/** Tokens to a tree, by operator precedence. Fails with a Fault that carries the position. */

import { Cursor } from "./cursor.ts";
import { Fault } from "./fault.ts";
import { hasHole, showHoles } from "./hole.ts";
import { lex, type Token } from "./lex.ts";
import { MAX_NESTING, MAX_TREE_DEPTH } from "./limits.ts";
import { type Comparison, childrenOf, type Node, type SliceBounds } from "./syntax.ts";

/** How strongly each token binds to what stands left of it; below PROJECTION_STOP a projection ends. */
const POWER: { readonly [kind in Token["kind"]]?: number } = {
  "|": 1,
  "||": 2,
  "&&": 3,
  ...{ "==": 5, "!=": 5, "<": 5, "<=": 5, ">": 5, ">=": 5 },
  "[]": 9,
  "*": 20,
  "[?": 21,
  ".": 40,
  "!": 45,
  "{": 50,
  "[": 55,
  "(": 60,
};
const PROJECTION_STOP = 10;
const CURRENT: Node = { kind: "current" };

export function parse(source: string): Node {
  const parser = new Parser(new Cursor(lex(source)));
  const tree = parser.parseAll();
  checkDepth(tree);
  return tree;
}

class Parser {
  readonly #cursor: Cursor;
  #nesting = 0;

  constructor(cursor: Cursor) {
    this.#cursor = cursor;
  }

  parseAll(): Node {
    if (this.#cursor.peek().kind === "end") throw new Fault("the expression is empty", { position: 0 });
    const tree = this.#expression(0);
    this.#cursor.expect("end");
    return tree;
  }

  #expression(power: number): Node {
    if (++this.#nesting > MAX_NESTING) {
      throw new Fault(`nested more than ${MAX_NESTING} levels deep`, { position: this.#cursor.peek().at });
    }
    let left = this.#prefix();
    while (power < (POWER[this.#cursor.peek().kind] ?? 0)) left = this.#infix(left);
    this.#nesting--;
    return left;
  }

  #prefix(): Node {
    const token = this.#cursor.take();
    switch (token.kind) {
      case "literal":
        return { kind: "literal", value: token.value };
      case "openLiteral":
      case "openText":
        return { kind: token.kind, text: token.text, at: token.at };
      case "name":
        return this.#cursor.peek().kind === "(" ? this.#call(token) : { kind: "field", name: token.text, at: token.at };
      case "quoted":
        if (this.#cursor.peek().kind === "(") {
          throw new Fault("a function's name stands without quotes", { position: token.at });
        }
        return { kind: "field", name: token.text, at: token.at };
      case "@":
        return CURRENT;
      case "!":
        return { kind: "not", body: this.#expression(POWER["!"] ?? 0) };
      case "(":
        return this.#parenthesised();
      case "*":
        return { kind: "values", over: CURRENT, each: this.#projected(POWER["*"] ?? 0) };
      case "[]":
        return this.#flattened(CURRENT);
      case "[?":
        return this.#filtered(CURRENT);
      case "[":
        return this.#isBracketIndex() ? this.#bracket(CURRENT, token.at) : this.#list();
      case "{":
        return this.#hash();
      default:
        throw this.#cursor.unexpected(token);
    }
  }

  #infix(left: Node): Node {
    const token = this.#cursor.take();
    switch (token.kind) {
      case ".":
        return this.#dotted(left);
      case "|":
        return { kind: "pipe", left, right: this.#expression(POWER["|"] ?? 0) };
      case "||":
        return { kind: "or", left, right: this.#expression(POWER["||"] ?? 0) };
      case "&&":
        return { kind: "and", left, right: this.#expression(POWER["&&"] ?? 0) };
      case "==":
      case "!=":
      case "<":
      case "<=":
      case ">":
      case ">=":
        return this.#comparison(token.kind, left);
      case "[]":
        return this.#flattened(left);
      case "[?":
        return this.#filtered(left);
      case "[":
        return this.#bracket(left, token.at);
      default:
        throw this.#cursor.unexpected(token);
    }
  }

  #dotted(left: Node): Node {
    if (this.#cursor.peek().kind !== "*") return { kind: "sub", left, right: this.#afterDot(POWER["."] ?? 0) };
    this.#cursor.take();
    return { kind: "values", over: left, each: this.#projected(POWER["*"] ?? 0) };
  }

  #afterDot(power: number): Node {
    const token = this.#cursor.peek();
    if (token.kind === "[") {
      this.#cursor.take();
      return this.#list();
    }
    if (token.kind === "{") {
      this.#cursor.take();
      return this.#hash();
    }
    if (token.kind === "name" || token.kind === "quoted" || token.kind === "*") return this.#expression(power);
    throw this.#cursor.unexpected(token, "a name, a function, *, [...] or {...} must follow the dot");
  }

  /** What is applied to each element of a projection: the rest of the chain. */
  #projected(power: number): Node {
    const token = this.#cursor.peek();
    if ((POWER[token.kind] ?? 0) < PROJECTION_STOP) return CURRENT;
    if (token.kind === "[" || token.kind === "[?") return this.#expression(power);
    if (token.kind !== ".") throw this.#cursor.unexpected(token);
    this.#cursor.take();
    return this.#afterDot(power);
  }

  #comparison(operator: Comparison, left: Node): Node {
    return { kind: "compare", operator, left, right: this.#expression(POWER[operator] ?? 0) };
  }

  #flattened(of: Node): Node {
    return { kind: "project", over: { kind: "flatten", of }, each: this.#projected(POWER["[]"] ?? 0) };
  }

  #filtered(over: Node): Node {
    const test = this.#expression(0);
    this.#cursor.expect("]");
    const each = this.#cursor.peek().kind === "[]" ? CURRENT : this.#projected(POWER["[?"] ?? 0);
    return { kind: "filter", over, test, each };
  }

  #isBracketIndex(): boolean {
    const first = this.#cursor.peek();
    const second = this.#cursor.peek(1);
    if (first.kind === "number" || first.kind === ":") return true;
    return first.kind === "*" ? second.kind === "]" : isHoleName(first) && second.kind === "]";
  }

  /** `[0]`, `[{{ n }}]`, `[*]` or `[1:2]`, with the opening bracket taken. */
  #bracket(of: Node, at: number): Node {
    const token = this.#cursor.peek();
    if (token.kind === "*") {
      this.#cursor.take();
      this.#cursor.expect("]");
      return { kind: "project", over: of, each: this.#projected(POWER["*"] ?? 0) };
    }
    if (token.kind === ":" || (token.kind === "number" && this.#cursor.peek(1).kind === ":")) {
      const sliced: Node = { kind: "slice", of, bounds: this.#sliceBounds(), at };
      return { kind: "project", over: sliced, each: this.#projected(POWER["*"] ?? 0) };
    }
    this.#cursor.take();
    const position = token.kind === "number" ? token.value : isHoleName(token) ? token.text : undefined;
    if (position === undefined)
      throw this.#cursor.unexpected(token, "a number, a slice or * must stand in the brackets");
    this.#cursor.expect("]");
    return { kind: "index", of, position, at };
  }

  #sliceBounds(): SliceBounds {
    const parts: (number | undefined)[] = [undefined];
    for (;;) {
      const token = this.#cursor.take();
      if (token.kind === "]") break;
      if (token.kind === ":" && parts.length < 3) parts.push(undefined);
      else if (token.kind === "number" && parts[parts.length - 1] === undefined) parts[parts.length - 1] = token.value;
      else throw this.#cursor.unexpected(token, "a slice is [start:stop:step]");
    }
    const [start, stop, step] = parts;
    return {
      ...(start === undefined ? {} : { start }),
      ...(stop === undefined ? {} : { stop }),
      ...(step === undefined ? {} : { step }),
    };
  }

  #list(): Node {
    const items = [this.#expression(0)];
    while (this.#cursor.peek().kind === ",") {
      this.#cursor.take();
      items.push(this.#expression(0));
    }
    this.#cursor.expect("]");
    return { kind: "list", items };
  }

  #hash(): Node {
    const entries = [this.#entry()];
    while (this.#cursor.peek().kind === ",") {
      this.#cursor.take();
      entries.push(this.#entry());
    }
    this.#cursor.expect("}");
    return { kind: "hash", entries };
  }

  #entry(): { key: string; value: Node } {
    const key = this.#cursor.take();
    if (key.kind !== "name" && key.kind !== "quoted") throw this.#cursor.unexpected(key, "a name must stand here");
    this.#cursor.expect(":");
    return { key: key.text, value: this.#expression(0) };
  }

  #call(name: { readonly text: string; readonly at: number }): Node {
    if (hasHole(name.text)) {
      throw new Fault(`${showHoles(name.text)}: a function's name cannot come from a variable`, { position: name.at });
    }
    this.#cursor.expect("(");
    const args: Node[] = [];
    while (this.#cursor.peek().kind !== ")") {
      args.push(this.#argument());
      if (this.#cursor.peek().kind !== ",") break;
      this.#cursor.take();
      if (this.#cursor.peek().kind === ")") throw this.#cursor.unexpected(this.#cursor.peek());
    }
    this.#cursor.expect(")");
    return { kind: "call", name: name.text, args, at: name.at };
  }

  #argument(): Node {
    if (this.#cursor.peek().kind !== "&") return this.#expression(0);
    this.#cursor.take();
    return { kind: "reference", body: this.#expression(0) };
  }

  #parenthesised(): Node {
    const body = this.#expression(0);
    this.#cursor.expect(")");
    return body; // A projection inside ends here: `(a[*]).b` looks for b in the list, not in its elements.
  }
}

function isHoleName(token: Token): token is Token & { kind: "name" } {
  return token.kind === "name" && hasHole(token.text);
}

/** Iterative, so that the check itself cannot run out of stack. */
function checkDepth(tree: Node): void {
  let level: Node[] = [tree];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_TREE_DEPTH) throw new Fault(`chained more than ${MAX_TREE_DEPTH} levels deep`);
    level = level.flatMap((node) => [...childrenOf(node)]);
  }
}
