/** Where a piece of an expression stands: still at the roots, where names are checked and noted, or below them. */

import { Fault } from "./fault.ts";
import { hasHole } from "./hole.ts";
import { compareText } from "./value.ts";

export interface Scope {
  /** The roots that exist here; undefined below the roots, or where an expression runs on a plain value. */
  readonly roots: ReadonlySet<string> | undefined;
  readonly detailed: ReadonlySet<string>;
  /** What a root can have; undefined where nobody knows. */
  readonly fields: ReadonlyMap<string, ReadonlySet<string>> | undefined;
  /** What the whole expression reads; grows while it is compiled. */
  readonly reads: Set<string>;
  /** The same, told further: as much of each chain of names as says what part of an object it is about. */
  readonly paths: Set<string>;
  /** Told that a function is called that looks at the clock. */
  readonly noteClock: () => void;
  /** And of one that gives each asker another value. */
  readonly noteRandom: () => void;
}

export function withoutRoots(scope: Scope): Scope {
  return scope.roots === undefined ? scope : { ...scope, roots: undefined };
}

/** Notes the root that a chain of names starts from, or refuses it. */
export function noteRoot(scope: Scope, names: readonly string[], position: number): void {
  if (scope.roots === undefined) return;
  const [root = "", second] = names;
  if (root !== "" && !scope.roots.has(root))
    throw new Fault(unknownRoot(root, scope.roots), { position, unknownRoot: true });
  const fields = scope.fields?.get(root);
  if (second !== undefined && fields?.has(second) === false && !hasHole(second))
    throw new Fault(`${root} never has "${second}"; it may have ${[...fields].join(", ")}`, {
      position,
      unknownRoot: true,
    });
  scope.reads.add(scope.detailed.has(root) && second !== undefined ? `${root}.${second}` : root);
  scope.paths.add(names.slice(0, PATH).join("."));
}

/** `@` at the roots is all of them. */
export function noteWholeContext(scope: Scope): void {
  for (const root of scope.roots ?? []) {
    scope.reads.add(root);
    scope.paths.add(root);
  }
}

/** Names, as in `request.object.metadata`. */
const PATH = 3;

function unknownRoot(root: string, roots: ReadonlySet<string>): string {
  const known = [...roots].sort(compareText).join(", ");
  return `"${root}" is neither a variable nor a context entry that is known here (a text is written '${root}'); known are ${known}`;
}
