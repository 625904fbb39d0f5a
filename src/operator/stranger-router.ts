/** What a watch of one name shows of the strangers that are known; all else has a watch of its own. */

import { type Selection, selectionKey } from "../cluster/index.ts";
import { type KubernetesObject, keyOf, type ObjectKey, refOf, resourceKey } from "../object/index.ts";
import type { InventoryWriter, TargetRecord } from "../state/index.ts";

export type StrangerRouterOptions = {
  inventory: InventoryWriter;
  onChanged(selection: Selection, object: KubernetesObject): void;
  onGone(record: TargetRecord): void;
};

export class StrangerRouter {
  readonly #options: StrangerRouterOptions;
  /** What a list has shown so far. */
  readonly #listed = new Map<string, Set<ObjectKey>>();

  constructor(options: StrangerRouterOptions) {
    this.#options = options;
  }

  onListing(selection: Selection): void {
    this.#listed.set(selectionKey(selection), new Set());
  }

  onPage(selection: Selection, objects: readonly KubernetesObject[]): void {
    for (const object of objects) {
      this.#listed.get(selectionKey(selection))?.add(keyOf(refOf(object)));
      this.onChanged(selection, object);
    }
  }

  onSynced(selection: Selection): void {
    const listed = this.#listed.get(selectionKey(selection)) ?? new Set();
    this.#listed.delete(selectionKey(selection));
    const isGone = (record: TargetRecord): boolean =>
      isShown(selection, record) && record.marks === undefined && !listed.has(keyOf(record.ref));
    const { inventory, onGone } = this.#options;
    for (const record of inventory.retain(isGone)) onGone(record);
  }

  onChanged(selection: Selection, object: KubernetesObject): void {
    const { inventory, onChanged } = this.#options;
    const known = inventory.get(keyOf(refOf(object)));
    if (known !== undefined && known.marks === undefined) onChanged(selection, object);
  }

  onDeleted(object: KubernetesObject): void {
    const { inventory, onGone } = this.#options;
    const known = inventory.get(keyOf(refOf(object)));
    if (known === undefined || known.marks !== undefined || known.uid !== object.metadata.uid) return;
    inventory.forget(keyOf(known.ref));
    onGone(known);
  }
}

function isShown({ resource, namespace, name }: Selection, record: TargetRecord): boolean {
  if (resourceKey(resource) !== resourceKey(record.resource)) return false;
  return name === record.ref.name && (namespace === undefined || namespace === record.ref.namespace);
}
