/** Worlds for the bench of planning: the samples, each with many triggers, and whatever else their rules read. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { loadAll } from "js-yaml";
import { type KubernetesObject, keyOf, refOf, resourceKey } from "../src/object/index.ts";
import { EXAMPLES, SAMPLE_KINDS, type SampleExample } from "../src/plan/samples/index.ts";
import { claimOf, emptyWorld, servePolicy, type TestWorld } from "../src/plan/world.fixture.ts";
import { type ClaimKey, createObjectStore } from "../src/state/index.ts";

export type Workload = { name: string; world: TestWorld; claims: readonly ClaimKey[]; readsContext: boolean };

/** Every kind of the samples is served and known, and nothing is there. */
export function servedWorld(objects: readonly KubernetesObject[]): TestWorld {
  const world = emptyWorld();
  world.catalogue.replaceDiscovered(SAMPLE_KINDS);
  for (const kind of SAMPLE_KINDS) {
    const store = world.stores.get(resourceKey(kind)) ?? createObjectStore();
    store.swap();
    world.stores.set(resourceKey(kind), store);
  }
  for (const object of objects) put(world, object);
  return world;
}

export function put(world: TestWorld, { metadata, ...object }: KubernetesObject): void {
  const stored = { ...object, metadata: { uid: `uid-${metadata.name}`, resourceVersion: "1", ...metadata } };
  const resource = world.catalogue.findKind(refOf(stored));
  if (resource === undefined) throw new Error(`${object.kind} is not served`);
  world.stores.get(resourceKey(resource))?.set(stored);
}

/** Each sample with so many triggers, all of them new. */
export function sampleWorkloads(triggers: number): Workload[] {
  return Object.entries(EXAMPLES).map(([file, example]) => workloadOf(file, example, triggers));
}

type StoredPolicy = { metadata: { name: string }; spec: { rules: Parameters<typeof servePolicy>[2] } };

function workloadOf(file: string, { stored = [], trigger }: SampleExample, triggers: number): Workload {
  const all = Array.from({ length: triggers }, (_, i) => numbered(trigger, i));
  const places = new Set([...stored, ...all].flatMap(({ metadata }) => metadata.namespace ?? []));
  const namespaces = Array.from(places, (name) => ({ apiVersion: "v1", kind: "Namespace", metadata: { name } }));
  const world = servedWorld([...namespaces, ...stored, ...all]);
  const text = readFileSync(join(import.meta.dirname, "../samples", file), "utf8");
  const policies = loadAll(text) as StoredPolicy[]; // the unit tests have them parsed as policies
  const states = policies.map(({ metadata, spec }) => servePolicy(world, metadata.name, spec.rules));
  const rules = states.flatMap((state) => (state.phase === "compiled" ? state.compiled.rules : []));
  const claims = states.flatMap((state) =>
    rules.flatMap((rule) => all.map((object) => claimOf(state, rule.name, object))),
  );
  return { name: file.replace(".yaml", ""), world, claims, readsContext: rules.some(({ reads }) => reads.length > 0) };
}

function numbered(object: KubernetesObject, i: number): KubernetesObject {
  return { ...object, metadata: { ...object.metadata, name: `${object.metadata.name}-${i}` } };
}

/** Five preconditions, all of which hold, and three context entries, all of which are used. */
export function demandingWorkload(triggers: number): Workload {
  const namespaces = Array.from({ length: triggers }, (_, i) => ({
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: `shop-${i}`, labels: { team: "checkout", size: "small" }, annotations: { replicas: "3" } },
  }));
  const teams = { apiVersion: "v1", kind: "ConfigMap", metadata: { namespace: "platform", name: "teams" } };
  const world = servedWorld([...namespaces, { ...teams, data: { checkout: "checkout@example.com", small: "20" } }]);
  const state = servePolicy(world, "demanding", [DEMANDING]);
  return {
    name: "",
    world,
    claims: namespaces.map((object) => claimOf(state, "demanding", object)),
    readsContext: true,
  };
}

const LABELS = "request.object.metadata.labels";

const DEMANDING = {
  name: "demanding",
  match: { any: [{ resources: { kinds: ["Namespace"], selector: { matchLabels: { team: "?*" } } } }] },
  context: [
    { name: "teams", configMap: { name: "teams", namespace: "platform" } },
    { name: "contact", variable: { jmesPath: `teams.data."{{ ${LABELS}.team }}"`, default: "nobody" } },
    {
      name: "pods",
      apiCall: { urlPath: "/api/v1/namespaces/platform/configmaps/teams", jmesPath: "to_number(data.small)" },
    },
  ],
  preconditions: {
    all: [
      { key: `{{ ${LABELS}.team }}`, operator: "NotEquals", value: "platform" },
      { key: `{{ ${LABELS}.size }}`, operator: "AnyIn", value: ["small", "large"] },
      { key: "{{ request.object.metadata.name }}", operator: "Equals", value: "shop-*" },
      { key: "{{ to_number(request.object.metadata.annotations.replicas) }}", operator: "GreaterThan", value: 1 },
      { key: "{{ contact }}", operator: "NotEquals", value: "" },
    ],
  },
  generate: {
    apiVersion: "v1",
    kind: "ResourceQuota",
    name: "quota",
    namespace: "{{ request.object.metadata.name }}",
    data: {
      metadata: { annotations: { contact: "{{ contact }}" } },
      spec: { hard: { pods: "{{ to_string(pods) }}" } },
    },
  },
};

/** So many policies, and Namespaces of which each is one policy's. `spread`: over kinds and namespaces, else by labels alone. */
export function crowdedWorld(policies: number, spread: boolean): TestWorld {
  const world = servedWorld([]);
  for (let i = 0; i < policies; i++) servePolicy(world, `policy-${i}`, [spread ? spreadRule(i) : labelledRule(i)]);
  return world;
}

function labelledRule(i: number) {
  return ruleFor({ kinds: ["Namespace"], selector: { matchLabels: { team: `team-${i}` } } });
}

function spreadRule(i: number) {
  const kinds = [
    "Namespace",
    "ConfigMap",
    "Secret",
    "Service",
    "Deployment",
    "StatefulSet",
    "Ingress",
    "ServiceAccount",
  ];
  const kind = kinds[i % kinds.length] ?? "Namespace";
  return ruleFor({ kinds: [kind], namespaces: [`team-${i}`] });
}

function ruleFor(resources: { kinds: string[]; namespaces?: string[]; selector?: { matchLabels: { team: string } } }) {
  return {
    name: "made",
    match: { any: [{ resources }] },
    generate: {
      apiVersion: "v1",
      kind: "ConfigMap",
      name: "made",
      namespace: "{{ request.object.metadata.name }}",
      data: { data: { made: "yes" } },
    },
  };
}

export function keyOfObject(object: KubernetesObject) {
  return keyOf(refOf(object));
}
