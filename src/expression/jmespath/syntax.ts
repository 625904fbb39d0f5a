/** The tree that parsing gives and compiling takes. Names and texts may hold holes (hole.ts). */

import type { Json } from "../../object/index.ts";

export type Comparison = "==" | "!=" | "<" | "<=" | ">" | ">=";

export type Node =
  | { readonly kind: "current" }
  | { readonly kind: "literal"; readonly value: Json }
  /** A literal in backticks, or a text in quotes, whose content is known only once its holes are filled. */
  | { readonly kind: "openLiteral"; readonly text: string; readonly at: number }
  | { readonly kind: "openText"; readonly text: string; readonly at: number }
  | { readonly kind: "field"; readonly name: string; readonly at: number }
  | { readonly kind: "sub"; readonly left: Node; readonly right: Node }
  | { readonly kind: "index"; readonly of: Node; readonly position: number | string; readonly at: number }
  | { readonly kind: "slice"; readonly of: Node; readonly bounds: SliceBounds; readonly at: number }
  | { readonly kind: "flatten"; readonly of: Node }
  | { readonly kind: "project"; readonly over: Node; readonly each: Node }
  | { readonly kind: "values"; readonly over: Node; readonly each: Node }
  | { readonly kind: "filter"; readonly over: Node; readonly test: Node; readonly each: Node }
  | { readonly kind: "compare"; readonly operator: Comparison; readonly left: Node; readonly right: Node }
  | { readonly kind: "and" | "or" | "pipe"; readonly left: Node; readonly right: Node }
  | { readonly kind: "not"; readonly body: Node }
  | { readonly kind: "list"; readonly items: readonly Node[] }
  | { readonly kind: "hash"; readonly entries: readonly { readonly key: string; readonly value: Node }[] }
  | { readonly kind: "call"; readonly name: string; readonly args: readonly Node[]; readonly at: number }
  | { readonly kind: "reference"; readonly body: Node };

/** `[start:stop:step]`, each as written or absent. */
export interface SliceBounds {
  readonly start?: number;
  readonly stop?: number;
  readonly step?: number;
}

/** What a node is made of, for walks that must not recurse. */
export function childrenOf(node: Node): readonly Node[] {
  switch (node.kind) {
    case "sub":
    case "compare":
    case "and":
    case "or":
    case "pipe":
      return [node.left, node.right];
    case "index":
    case "slice":
    case "flatten":
      return [node.of];
    case "project":
    case "values":
      return [node.over, node.each];
    case "filter":
      return [node.over, node.test, node.each];
    case "not":
    case "reference":
      return [node.body];
    case "list":
      return node.items;
    case "hash":
      return node.entries.map((entry) => entry.value);
    case "call":
      return node.args;
    default:
      return [];
  }
}
