/** A world made of the objects of files: what is not in them is not there, and all of it counts as seen just now. */

import {
  groupKindKey,
  hash,
  type JsonObject,
  type KubernetesObject,
  keyOf,
  type ObjectKey,
  type Resource,
  readClaimIdentity,
  refOf,
  refOfKey,
  resourceKey,
} from "../object/index.ts";
import {
  type CatalogueWriter,
  type ClaimRef,
  type ClaimsWriter,
  claimRef,
  createClaims,
  createInventory,
  createObjectStore,
  createPrunes,
  type Disposal,
  findRule,
  type InventoryWriter,
  type ObjectStore,
  type ObjectStoreWriter,
  type PolicyState,
  type PrunesWriter,
  type World,
} from "../state/index.ts";

export type OfflineWorldOptions = {
  catalogue: CatalogueWriter;
  policies: readonly PolicyState[];
  objects: readonly KubernetesObject[];
  installation: string;
  systemNamespaces: ReadonlySet<string>;
  now: Date;
  /** The world is a cluster that was read: what is not shown is not there. */
  live?: LiveWorldOptions;
};

export type LiveWorldOptions = {
  /** The policies to plan; the others are only known. */
  planned: ReadonlySet<ObjectKey>;
  /** Those of them that the cluster has, as it has them. */
  earlier: ReadonlyMap<ObjectKey, PolicyState>;
};

export type OfflineWorld = World & {
  readonly inventory: InventoryWriter;
  readonly claims: ClaimsWriter;
  readonly prunes: PrunesWriter;
  /** True: a trigger that is not there is gone, and not just left out. */
  readonly isLive: boolean;
  /** True once every claim was planned: only then is anything known not to be wanted. */
  planned: boolean;
  /** Who sends the requests that mutate rules are asked about; absent: nobody knows. */
  userInfo?: JsonObject;
  /** Puts an object there, as a write would. */
  put(object: KubernetesObject): void;
  /** An object as a cluster shows it, in one version of its kind. */
  show(resource: Resource, object: KubernetesObject): void;
  remove(key: ObjectKey): void;
  /** The object as it stands now. */
  get(key: ObjectKey): KubernetesObject | undefined;
};

/** The objects have to be of kinds in the catalogue; see `prepareObjects`. */
export function createOfflineWorld(options: OfflineWorldOptions): OfflineWorld {
  const { catalogue, installation, systemNamespaces, policies, live: cluster } = options;
  const stores = new Map<string, ObjectStoreWriter>();
  const storeOf = (resource: Resource): ObjectStoreWriter => storeIn(stores, resource);
  const inventory = createInventory(installation);
  const live = new Map<ObjectKey, KubernetesObject>();
  const states = new Map(policies.map((state) => [keyOf(state.ref), state]));
  const versionsOf = (object: KubernetesObject): Resource[] => versionsIn(catalogue, object);
  const world: OfflineWorld = {
    installation,
    environment: { now: () => options.now, hash },
    installationKey: EXAMPLE_KEY,
    catalogue,
    inventory,
    claims: createClaims(),
    prunes: createPrunes(),
    isLive: cluster !== undefined,
    namespaces: cluster === undefined ? assumeNamespaces(storeOf(NAMESPACES)) : storeOf(NAMESPACES),
    pruneDelay: 0,
    now: 0,
    planned: false,
    policies: {
      synced: true,
      get: (key) => states.get(key),
      values: () => states.values(),
      disposalOf: (key) => disposalIn(world, states.get(key), cluster?.earlier.get(key)),
    },
    objects: storeOf,
    objectsWith: storeOf,
    objectsIn: storeOf,
    resultOf: () => ({ ok: false, message: "nothing is called offline; give a default to see what comes of it" }),
    departureOf: () => undefined,
    departuresOf: () => [],
    isSystemNamespace: (name) => systemNamespaces.has(name),
    isReady: (policy) => cluster?.planned.has(policy) ?? true,
    isExpected: () => false,
    isPlanned: () => world.planned,
    whySuspended: () => undefined,
    isMoment: (claim) => isNewRule(claimRef(claim), cluster),
    changeOf: () => undefined,
    mutationsOf: () => (policies.some(changesExisting) ? (world.planned ? "known" : "unknown") : "none"),
    isCheckDue: () => false,
    put(object) {
      live.set(keyOf(refOf(object)), object);
      // another version of the kind has the same name and labels, and mostly the same content
      for (const resource of versionsOf(object)) storeOf(resource).set(object);
      const [resource] = versionsOf(object);
      if (resource !== undefined) inventory.observe(object, { resource, by: "write", now: 0 });
    },
    show(resource, object) {
      live.set(keyOf(refOf(object)), object);
      storeOf(resource).set(object);
      inventory.observe(object, { resource, by: "write", now: 0 });
    },
    remove(key) {
      const object = live.get(key);
      if (object === undefined) return;
      live.delete(key);
      for (const resource of versionsOf(object)) storeOf(resource).remove(object);
      inventory.forget(key);
    },
    get: (key) => live.get(key),
  };
  for (const object of options.objects) world.put(object);
  return world;
}

function changesExisting(state: PolicyState): boolean {
  return state.phase === "compiled" && state.compiled.rules.some(({ existing }) => existing !== undefined);
}

export const NAMESPACES: Resource = {
  group: "",
  version: "v1",
  kind: "Namespace",
  plural: "namespaces",
  namespaced: false,
  verbs: [],
};

function storeIn(stores: Map<string, ObjectStoreWriter>, resource: Resource): ObjectStoreWriter {
  const key = resourceKey(resource);
  const known = stores.get(key);
  if (known !== undefined) return known;
  const store = createObjectStore();
  store.swap(); // it is known to be empty
  stores.set(key, store);
  return store;
}

function versionsIn(catalogue: CatalogueWriter, object: KubernetesObject): Resource[] {
  const kind = groupKindKey(refOf(object));
  return [...catalogue.all()].filter((resource) => groupKindKey(resource) === kind);
}

/** Nobody's key: what is random is an example, and the same in each plan (docs/reference/cli.md). */
const EXAMPLE_KEY = new TextEncoder().encode("perennial: an example key for plans over files");

/** Few people put the Namespace beside what lies in it: one that is not in the files is taken to be there, without labels. */
function assumeNamespaces(store: ObjectStore): ObjectStore {
  return {
    get synced() {
      return store.synced;
    },
    get size() {
      return store.size;
    },
    values: () => store.values(),
    inNamespace: (namespace) => store.inNamespace(namespace),
    list: (namespace) => store.list(namespace),
    get: (key) => store.get(key) ?? assumedNamespace(refOfKey(key).name),
  };
}

function assumedNamespace(name: string): KubernetesObject {
  return { apiVersion: "v1", kind: "Namespace", metadata: { name } };
}

/** What is made once is made for every trigger of a new rule; of a rule that the cluster has, no trigger is new. */
function isNewRule({ policy, rule }: ClaimRef, cluster: LiveWorldOptions | undefined): boolean {
  return findRule(cluster?.earlier.get(keyOf(policy)), rule) === undefined;
}

/** Of a rule that marks name, and no policy has, nothing is known: it counts as one whose targets go with it. */
function disposalIn(
  world: OfflineWorld,
  state: PolicyState | undefined,
  earlier: PolicyState | undefined,
): Disposal | undefined {
  if (state?.phase !== "compiled") return undefined;
  const key = keyOf(state.ref);
  const marked = [...world.inventory.values()].flatMap(({ claim }) => (claim === undefined ? [] : [claimRef(claim)]));
  const removed = marked
    .filter(({ policy }) => keyOf(policy) === key)
    .map(({ rule }) => [rule, findRule(earlier, rule)?.onDelete ?? "delete"] as const);
  const served = state.compiled.rules.map(({ name, onDelete }) => [name, onDelete] as const);
  return { policy: state.ref, definition: "", rules: Object.fromEntries([...removed, ...served]) };
}

/** A trigger from a repository has no uid; what was made for it in a cluster knows the one that it has there. */
export function lendUids(objects: readonly KubernetesObject[]): KubernetesObject[] {
  const known = new Map<ObjectKey, string>();
  for (const object of objects) {
    const identity = readClaimIdentity(object);
    if (identity !== undefined) known.set(keyOf(identity.trigger), identity.triggerUid);
  }
  return objects.map((object) => {
    const uid = object.metadata.uid ?? known.get(keyOf(refOf(object)));
    return uid === undefined ? object : { ...object, metadata: { ...object.metadata, uid } };
  });
}
