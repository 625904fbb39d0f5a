/** The objects that rules look at, as the watches show them: a store for each selection. */

import { type Selection, selectionKey, widerSelections } from "../cluster/index.ts";
import type { Resource } from "../object/index.ts";
import { createObjectStore, type ObjectStore, type ObjectStoreWriter } from "../state/index.ts";

export class KeptObjects {
  readonly #namespaces: ObjectStoreWriter;
  readonly #stores = new Map<string, ObjectStoreWriter>();

  /** `namespaces`: the store of all Namespaces, which is always there. */
  constructor(namespaces: ObjectStoreWriter) {
    this.#namespaces = namespaces;
  }

  /** All objects of a resource, with as much of them as is read. */
  triggers(resource: Resource, { readsContent } = { readsContent: true }): ObjectStore | undefined {
    const whole = this.of({ resource });
    if (readsContent || whole?.synced === true) return whole;
    return this.of({ resource, metadataOnly: true }) ?? whole;
  }

  /** The objects of a selection, perhaps among others. */
  showing(selection: Selection): ObjectStore | undefined {
    const stores = [selection, ...widerSelections(selection)].map((found) => this.of(found));
    return stores.find((store) => store?.synced) ?? stores.find((store) => store !== undefined);
  }

  /** The objects of just this selection, if they are kept. */
  of(selection: Selection): ObjectStoreWriter | undefined {
    return this.#stores.get(selectionKey(selection));
  }

  /**
   * From now on the objects of these are kept; those of others are forgotten, and so unknown. What was known of the same objects
   * at the other level stays until their first list is whole: for whom it is enough, it goes on being known.
   */
  keep(selections: readonly Selection[]): void {
    const wanted = new Map(selections.map((selection) => [selectionKey(selection), selection]));
    const replaced = new Set<string>();
    for (const [key, selection] of wanted) {
      const earlier = selectionKey(otherLevel(selection));
      const store = this.#stores.get(key) ?? this.#create(selection.resource, this.#stores.get(earlier));
      this.#stores.set(key, store);
      if (!store.synced) replaced.add(earlier);
    }
    for (const key of this.#stores.keys()) if (!wanted.has(key) && !replaced.has(key)) this.#stores.delete(key);
  }

  /** The list is whole: what was known of the same objects at the other level is of no use any more. */
  forgetReplaced(selection: Selection): void {
    this.#stores.delete(selectionKey(otherLevel(selection)));
  }

  #create(resource: Resource, earlier: ObjectStore | undefined): ObjectStoreWriter {
    return isNamespaces(resource) ? this.#namespaces : createObjectStore(earlier);
  }
}

/** Of the same objects: those that are known whole by their metadata, and the other way round. */
function otherLevel({ metadataOnly, ...selection }: Selection): Selection {
  return metadataOnly ? selection : { ...selection, metadataOnly: true };
}

function isNamespaces({ group, plural }: Resource): boolean {
  return group === "" && plural === "namespaces";
}
