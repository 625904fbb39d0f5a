/**
 * Objects without our marks that lie where targets are wanted. Where only marked objects are watched no event tells of them,
 * so those of such a name are watched besides: one watch for all namespaces.
 */

import { type Selection, selectionKey } from "../cluster/index.ts";
import type { Resource } from "../object/index.ts";
import type { TargetRecord } from "../state/index.ts";

/** A watch is a connection: beyond so many names they are looked at now and then. */
const MOST = 32;

export class Strangers {
  readonly #selections = new Map<string, Selection>();

  get selections(): Selection[] {
    return [...this.#selections.values()];
  }

  /** True when that is new, and there is room for it. */
  add({ resource, name }: { resource: Resource; name: string }): boolean {
    const selection = strangersOf(resource, name);
    if (this.#selections.size >= MOST || this.#selections.has(selectionKey(selection))) return false;
    this.#selections.set(selectionKey(selection), selection);
    return true;
  }

  /** Forgets the names under which there is no stranger any more; true when there was one. */
  tidy(records: Iterable<TargetRecord>): boolean {
    const strange = [...records].filter(({ marks }) => marks === undefined);
    const used = new Set(strange.map(({ resource, ref }) => selectionKey(strangersOf(resource, ref.name))));
    const unused = [...this.#selections.keys()].filter((key) => !used.has(key));
    for (const key of unused) this.#selections.delete(key);
    return unused.length > 0;
  }
}

export function strangersOf(resource: Resource, name: string): Selection {
  return { resource, name };
}
