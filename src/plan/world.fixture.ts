/** Worlds for tests of the planner, made of the real stores. */

import {
  asJson,
  contentOf,
  hash,
  isJsonObject,
  type Json,
  type JsonObject,
  type KubernetesObject,
  keyOf,
  MANAGER,
  type ObjectKey,
  type Resource,
  refOf,
  resourceKey,
} from "../object/index.ts";
import { parsePolicy } from "../policy/index.ts";
import { compilePolicy } from "../rule/index.ts";
import {
  type CallResults,
  type ClaimKey,
  claimKey,
  createCallResults,
  createCatalogue,
  createClaims,
  createInventory,
  createObjectStore,
  type Departure,
  type Disposal,
  OpenMoments,
  type PolicyState,
  type SeenChange,
  type World,
} from "../state/index.ts";

const VERBS = ["create", "delete", "get", "list", "patch", "update", "watch"];

export const NAMESPACES = resource("", "v1", "Namespace", "namespaces", false);
export const CONFIG_MAPS = resource("", "v1", "ConfigMap", "configmaps", true);
export const NETWORK_POLICIES = resource("networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies", true);
export const WIDGETS = resource("t.example.com", "v1", "Widget", "widgets", true);

export function resource(group: string, version: string, kind: string, plural: string, namespaced: boolean): Resource {
  return { group, version, kind, plural, namespaced, verbs: VERBS };
}

export type TestWorld = World & {
  inventory: ReturnType<typeof createInventory>;
  claims: ReturnType<typeof createClaims>;
  prunes: World["prunes"];
  catalogue: ReturnType<typeof createCatalogue>;
  departures: Map<ObjectKey, Departure>;
  states: Map<ObjectKey, PolicyState>;
  disposals: Map<ObjectKey, Disposal>;
  moments: OpenMoments;
  changes: Map<ClaimKey, SeenChange>;
  checksDue: Set<ObjectKey>;
  stores: Map<string, ReturnType<typeof createObjectStore>>;
  results: CallResults;
  systemNamespaces: Set<string>;
  now: number;
  planned: boolean;
  mutations: "none" | "unknown" | "known";
  suspended?: string;
  ready: boolean;
};

/** Everything is known, nothing is there. */
export function emptyWorld(): TestWorld {
  const catalogue = createCatalogue();
  catalogue.replaceDiscovered([NAMESPACES, CONFIG_MAPS, NETWORK_POLICIES]);
  const stores = new Map([NAMESPACES, CONFIG_MAPS].map((kind) => [resourceKey(kind), createObjectStore()]));
  for (const store of stores.values()) store.swap();
  const namespaces = stores.get(resourceKey(NAMESPACES)) ?? createObjectStore();
  const world: TestWorld = {
    installation: "test",
    environment: { now: () => new Date("2026-01-01T00:00:00Z"), hash },
    installationKey: new TextEncoder().encode("the key of a test"),
    catalogue,
    claims: createClaims(),
    inventory: createInventory("test"),
    prunes: { mayDelete: () => true, isHeld: () => false, heldOf: () => [] },
    namespaces,
    pruneDelay: 10_000,
    now: 100_000,
    planned: true,
    mutations: "none",
    ready: true,
    departures: new Map(),
    states: new Map(),
    disposals: new Map(),
    moments: new OpenMoments(),
    changes: new Map(),
    checksDue: new Set(),
    stores,
    results: createCallResults(),
    systemNamespaces: new Set(["kube-system"]),
    policies: {
      synced: true,
      get: (key) => world.states.get(key),
      values: () => world.states.values(),
      disposalOf: (key) => world.disposals.get(key),
    },
    objects: (kind) => stores.get(resourceKey(kind)),
    objectsWith: (kind) => stores.get(resourceKey(kind)),
    objectsIn: (kind) => stores.get(resourceKey(kind)),
    resultOf: (call) => world.results.get(call),
    departuresOf: ({ group, kind }) =>
      [...world.departures].filter(([key]) => key.startsWith(`${group}/${kind}/`)).map(([, departure]) => departure),
    departureOf: (key) => world.departures.get(key),
    isSystemNamespace: (name) => world.systemNamespaces.has(name),
    isReady: () => world.ready,
    isExpected: () => false,
    isPlanned: () => world.planned,
    whySuspended: () => world.suspended,
    isMoment: (claim, target) =>
      world.changes.has(claim) ||
      (target === undefined ? world.moments.has(claim) : world.moments.allows(claim, target)),
    changeOf: (claim) => world.changes.get(claim),
    mutationsOf: () => world.mutations,
    isCheckDue: (target) => world.checksDue.has(target),
  };
  return world;
}

/** Serves a ClusterPolicy as the operator would; throws when it does not compile. */
export function servePolicy(world: TestWorld, name: string, rules: Json[], createdAt = ""): PolicyState {
  const metadata = { name, ...(createdAt === "" ? {} : { creationTimestamp: createdAt }) };
  const object = { apiVersion: "perennial.dev/v1", kind: "ClusterPolicy", metadata, spec: { rules } };
  const parsed = parsePolicy(object);
  if ("issues" in parsed) throw new Error(JSON.stringify(parsed.issues));
  const compiled = compilePolicy(parsed.policy, world.catalogue);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.issues));
  const { ref, rules: compiledRules } = compiled.policy;
  const state: PolicyState = { ref, object: object as KubernetesObject, phase: "compiled", compiled: compiled.policy }; // a whole object
  world.states.set(keyOf(ref), state);
  const disposal = Object.fromEntries(compiledRules.map((rule) => [rule.name, rule.onDelete]));
  world.disposals.set(keyOf(ref), { policy: ref, definition: "", rules: disposal });
  return state;
}

export function namespaceObject(
  name: string,
  labels: { [key: string]: string } = {},
  uid = `uid-${name}`,
): KubernetesObject {
  return { apiVersion: "v1", kind: "Namespace", metadata: { name, uid, resourceVersion: "1", labels } };
}

/** A rule that makes a ConfigMap in each Namespace. */
export function configMapRule(name: string, data: Json, more: JsonObject = {}): JsonObject {
  return {
    name,
    match: { any: [{ resources: { kinds: ["Namespace"] } }] },
    generate: {
      apiVersion: "v1",
      kind: "ConfigMap",
      name,
      namespace: "{{ request.object.metadata.name }}",
      data: { data },
      ...more,
    },
  };
}

export function claimOf(policy: PolicyState, rule: string, trigger: KubernetesObject): ClaimKey {
  return claimKey({ policy: policy.ref, rule, trigger: refOf(trigger) });
}

let lastVersion = 1_000;

/** What the server stores and answers when we apply the object: with a uid, a version, and all fields owned by us. */
export function applied(object: KubernetesObject, uid = `uid-of-${object.metadata.name}`): KubernetesObject {
  const { labels = {}, annotations = {} } = object.metadata;
  const fieldsV1 = {
    ...ownedFields(contentOf(object)),
    "f:metadata": { "f:labels": ownedFields(labels), "f:annotations": ownedFields(annotations) },
  };
  const entry = {
    manager: MANAGER,
    operation: "Apply",
    apiVersion: object.apiVersion,
    fieldsType: "FieldsV1",
    fieldsV1,
  };
  const metadata = { ...object.metadata, uid, resourceVersion: String(++lastVersion), managedFields: [entry] };
  return { ...structuredClone(object), metadata };
}

/** The same object after somebody else's change: a new version, and the change in an entry of theirs. */
export function changedBy(
  manager: string,
  live: KubernetesObject,
  change: (object: JsonObject) => void,
  fieldsV1: JsonObject,
): KubernetesObject {
  const copy = structuredClone(live);
  change(asJson(copy));
  const entry = { manager, operation: "Update", apiVersion: live.apiVersion, fieldsType: "FieldsV1", fieldsV1 };
  copy.metadata.managedFields = [...(copy.metadata.managedFields ?? []), entry];
  copy.metadata.resourceVersion = String(++lastVersion);
  return copy;
}

/** Lists are atomic here, as those of NetworkPolicies are. */
function ownedFields(value: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(value).map(([key, child]) => [
      `f:${key}`,
      isJsonObject(child) && Object.keys(child).length > 0 ? ownedFields(child) : {},
    ]),
  );
}
