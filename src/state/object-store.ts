/** The objects of one watch that rules look at: triggers, sources and namespaces, without managedFields. */

import {
  contentOf,
  isBeingDeleted,
  isEqual,
  type Json,
  type KubernetesObject,
  keyOf,
  type ObjectKey,
  refOf,
} from "../object/index.ts";

export interface ObjectStore {
  /** False until the first list is whole: until then "not there" means "not known". */
  readonly synced: boolean;
  readonly size: number;
  get(key: ObjectKey): KubernetesObject | undefined;
  values(): Iterable<KubernetesObject>;
  inNamespace(namespace: string): Iterable<KubernetesObject>;
  /** In the order in which the API server lists; the same array until one of its objects changes. */
  list(namespace: string | undefined): readonly KubernetesObject[];
}

/** What became of one object; the reader decides what it means. */
export type ObjectChange = { before: KubernetesObject | undefined; after: KubernetesObject | undefined };

/** False for what only status, ownership or the bookkeeping of the server tell. */
export function changesContent({ before, after }: ObjectChange): boolean {
  return before === undefined || after === undefined || !isEqual(readable(before), readable(after));
}

/** True for what no rule reads, and a mutate rule may set: finalizers and owners. */
export function changesHolds({ before, after }: ObjectChange): boolean {
  return before === undefined || after === undefined || !isEqual(holdsOf(before), holdsOf(after));
}

function holdsOf({ metadata }: KubernetesObject): Json {
  return [metadata.finalizers ?? [], metadata.ownerReferences ?? []];
}

function readable(object: KubernetesObject): Json {
  const { labels = {}, annotations = {} } = object.metadata;
  return [contentOf(object), labels, annotations, isBeingDeleted(object)];
}

export interface ObjectStoreWriter extends ObjectStore {
  /** A list begins: what an unfinished one left in the buffer is dropped. */
  clearBuffer(): void;
  /** Objects of a list that is not finished; nothing is visible yet. */
  buffer(objects: readonly KubernetesObject[]): void;
  /** The list is whole: it replaces everything, and what changed is returned. */
  swap(): ObjectChange[];
  set(object: KubernetesObject): ObjectChange | undefined;
  remove(object: KubernetesObject): ObjectChange | undefined;
}

/** `earlier`: a store of the same objects that this one replaces: what went in between is a change of the first list. */
export function createObjectStore(earlier?: ObjectStore): ObjectStoreWriter {
  return new MapObjectStore(earlier);
}

class MapObjectStore implements ObjectStoreWriter {
  #objects = new Map<ObjectKey, KubernetesObject>();
  #byNamespace = new Map<string, Set<ObjectKey>>();
  #buffered = new Map<ObjectKey, KubernetesObject>();
  /** By namespace; under undefined, all. */
  readonly #lists = new Map<string | undefined, readonly KubernetesObject[]>();
  #earlier: ObjectStore | undefined;
  synced = false;

  constructor(earlier: ObjectStore | undefined) {
    this.#earlier = earlier?.synced === true ? earlier : undefined;
  }

  get size(): number {
    return this.#objects.size;
  }

  get(key: ObjectKey): KubernetesObject | undefined {
    return this.#objects.get(key);
  }

  values(): Iterable<KubernetesObject> {
    return this.#objects.values();
  }

  *inNamespace(namespace: string): Iterable<KubernetesObject> {
    for (const key of this.#byNamespace.get(namespace) ?? []) {
      const object = this.#objects.get(key);
      if (object !== undefined) yield object;
    }
  }

  list(namespace: string | undefined): readonly KubernetesObject[] {
    const known = this.#lists.get(namespace);
    if (known !== undefined) return known;
    const keys = namespace === undefined ? this.#objects.keys() : (this.#byNamespace.get(namespace) ?? []);
    const listed = [...keys].sort().flatMap((key) => this.#objects.get(key) ?? []);
    this.#lists.set(namespace, listed);
    return listed;
  }

  clearBuffer(): void {
    this.#buffered = new Map();
  }

  buffer(objects: readonly KubernetesObject[]): void {
    for (const object of objects) this.#buffered.set(keyOf(refOf(object)), withoutManagedFields(object));
  }

  swap(): ObjectChange[] {
    const before = this.#earlier === undefined ? this.#objects : mapOf(this.#earlier.values());
    this.#earlier = undefined;
    this.#objects = this.#buffered;
    this.#buffered = new Map();
    this.synced = true;
    this.#byNamespace = new Map();
    this.#lists.clear();
    for (const [key, object] of this.#objects) this.#index(key, object);
    const gone = [...before].filter(([key]) => !this.#objects.has(key));
    return [
      ...gone.map(([, object]) => ({ before: object, after: undefined })),
      ...[...this.#objects].flatMap(([key, after]) => changeOf(before.get(key), after)),
    ];
  }

  set(object: KubernetesObject): ObjectChange | undefined {
    const key = keyOf(refOf(object));
    const before = this.#objects.get(key);
    const after = withoutManagedFields(object);
    this.#objects.set(key, after);
    this.#forgetLists(after);
    this.#index(key, after);
    return changeOf(before, after)[0];
  }

  remove(object: KubernetesObject): ObjectChange | undefined {
    const key = keyOf(refOf(object));
    const before = this.#objects.get(key);
    this.#objects.delete(key);
    this.#forgetLists(object);
    const namespace = object.metadata.namespace ?? "";
    const siblings = this.#byNamespace.get(namespace);
    siblings?.delete(key);
    if (siblings?.size === 0) this.#byNamespace.delete(namespace);
    return before === undefined ? undefined : { before, after: undefined };
  }

  #forgetLists({ metadata }: KubernetesObject): void {
    this.#lists.delete(undefined);
    this.#lists.delete(metadata.namespace ?? "");
  }

  #index(key: ObjectKey, object: KubernetesObject): void {
    const namespace = object.metadata.namespace ?? "";
    if (namespace === "") return;
    const siblings = this.#byNamespace.get(namespace);
    if (siblings === undefined) this.#byNamespace.set(namespace, new Set([key]));
    else siblings.add(key);
  }
}

function mapOf(objects: Iterable<KubernetesObject>): Map<ObjectKey, KubernetesObject> {
  return new Map(Array.from(objects, (object) => [keyOf(refOf(object)), object]));
}

function changeOf(before: KubernetesObject | undefined, after: KubernetesObject): ObjectChange[] {
  const same = before !== undefined && before.metadata.resourceVersion === after.metadata.resourceVersion;
  return same ? [] : [{ before, after }];
}

/** Most of an object's bytes, and nothing that a rule may read; what our mutate rules own of it is kept. */
function withoutManagedFields(object: KubernetesObject): KubernetesObject {
  const { managedFields, ...metadata } = object.metadata;
  const own = managedFields?.filter(({ manager }) => manager?.startsWith(MUTATIONS) === true) ?? [];
  return { ...object, metadata: own.length === 0 ? metadata : { ...metadata, managedFields: own } };
}

/** As every field manager of a mutate rule. */
const MUTATIONS = "perennial/";
