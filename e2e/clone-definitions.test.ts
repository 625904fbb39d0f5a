/** Custom resources as sources, and their copies, whose definitions come, change and go. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Cluster,
  clusterPolicy,
  condition,
  configMap,
  customResourceDefinition,
  type Definition,
  installDefinition,
  markAudit,
  namespace,
  namespacesLabelled,
  type OperatorProcess,
  operatorRequests,
  type Place,
  printRequest,
  removeDefinition,
  startCluster,
  startOperator,
  storedConfigMap,
  TRIGGER_NAME,
  versionOf,
  waitForCondition,
  waitForObject,
  waitUntil,
  waitUntilGone,
} from "./harness/index.ts";

const GROUP = "test.example.com";
const BOX: Definition = { group: GROUP, kind: "Box", plural: "boxes" };
const BOXES = `boxes.${GROUP}`;
const TIER: Definition = { group: GROUP, kind: "Tier", plural: "tiers", scope: "Cluster" };
const TIERS = `tiers.${GROUP}`;
const TEAM: Definition = { group: GROUP, kind: "Team", plural: "teams" };
const TEAMS = `teams.${GROUP}`;
/** Long enough to come back within, short enough to wait for. */
const PRUNE_DELAY = 3_000;
const FLAGS = [`--prune-delay=${PRUNE_DELAY}ms`];

let cluster: Cluster;
let operator: OperatorProcess;

beforeAll(async () => {
  cluster = await startCluster();
  await cluster.grant("test-kinds", [{ apiGroups: [GROUP], resources: ["boxes", "tiers", "teams"] }]);
  operator = await startOperator(cluster, { flags: FLAGS });
  await cluster.apply(namespace("origin"));
});

afterAll(async () => {
  await operator?.stop();
  await cluster?.stop();
});

function box(name: string, lid: string, version = "v1"): object {
  const metadata = { name, namespace: "origin" };
  return { apiVersion: `${GROUP}/${version}`, kind: "Box", metadata, spec: { lid } };
}

function copyingBoxes(name: string, version = "v1"): object {
  return clusterPolicy(name, {
    name: "copy",
    match: namespacesLabelled(name),
    generate: {
      ...{ apiVersion: `${GROUP}/${version}`, kind: "Box", name: "copy", namespace: TRIGGER_NAME },
      clone: { namespace: "origin", name },
    },
  });
}

function copy(name: string): Place {
  return [BOXES, name, "copy"];
}

async function waitForLid(place: Place, lid: string) {
  return waitForObject(cluster, place, ({ spec }) => JSON.stringify(spec) === JSON.stringify({ lid }));
}

async function setUp(name: string, lid: string): Promise<void> {
  await cluster.apply(box(name, lid), namespace(name, { [name]: "yes" }), copyingBoxes(name));
  await waitForLid(copy(name), lid);
  await waitForCondition(cluster, name, { type: "InSync", status: "True" });
}

/** A copy whose source went, and which is gone: whatever went before that is past its prune delay. */
async function waitForPrune(name: string): Promise<void> {
  await setUp(name, "short");
  await cluster.kubectl("delete", BOXES, name, "-n", "origin");
  await waitUntilGone(cluster, copy(name));
}

describe("a kind whose definition is installed after the policy", () => {
  it("is copied as soon as there is a source", async () => {
    await cluster.apply(namespace("early", { early: "yes" }), copyingBoxes("early"));
    await waitForCondition(cluster, "early", { type: "Ready", status: "False", reason: "KindUnknown" });
    await installDefinition(cluster, BOX);
    await waitForCondition(cluster, "early", { type: "InSync", status: "False", reason: "SourceMissing" });
    await cluster.apply(box("early", "oak"));
    await waitForLid(copy("early"), "oak");
    await waitForCondition(cluster, "early", { type: "InSync", status: "True" });
  });

  it("is kept exact, and follows its source", async () => {
    const patch = JSON.stringify({ spec: { lid: "tin", lock: "added" } });
    await cluster.kubectl("patch", BOXES, "copy", "-n", "early", "--type=merge", "-p", patch);
    await waitForLid(copy("early"), "oak");
    await cluster.apply(box("early", "elm"));
    await waitForLid(copy("early"), "elm");
  });

  it("is not written for what only its status says", async () => {
    const before = versionOf(await waitForLid(copy("early"), "elm"));
    const mark = await markAudit(cluster);
    await cluster.kubectl("patch", BOXES, "early", "-n", "origin", "--type=merge", "-p", '{"status":{"open":true}}');
    await setUp("later", "ash"); // so the change before was seen
    const requests = await operatorRequests(cluster, mark);
    expect(requests.map(printRequest).filter((request) => request.includes("early/copy"))).toEqual([]);
    const after = await waitForObject(cluster, copy("early"));
    expect(versionOf(after)).toBe(before);
    expect(after.status).toBeUndefined();
  });
});

describe("a source that is a custom resource", () => {
  it("takes its copies with it after the prune delay", async () => {
    await setUp("leaving", "oak");
    const since = performance.now();
    await cluster.kubectl("delete", BOXES, "leaving", "-n", "origin");
    await waitForCondition(cluster, "leaving", { type: "InSync", status: "False", reason: "SourceMissing" });
    await waitUntilGone(cluster, copy("leaving"));
    expect(performance.now() - since).toBeGreaterThan(PRUNE_DELAY);
    await cluster.apply(box("leaving", "elm"));
    await waitForLid(copy("leaving"), "elm");
  });

  it("may be replaced within the prune delay: the copies stay", async () => {
    await setUp("replaced", "oak");
    const before = versionOf(await waitForObject(cluster, copy("replaced")));
    await cluster.kubectl("delete", BOXES, "replaced", "-n", "origin");
    await cluster.apply(box("replaced", "oak"));
    await waitForPrune("after-replaced");
    expect(versionOf(await waitForObject(cluster, copy("replaced")))).toBe(before);
    await waitForCondition(cluster, "replaced", { type: "InSync", status: "True" });
  });

  it("may have gone while the operator was away", async () => {
    await setUp("away", "oak");
    await setUp("still", "oak");
    const still = versionOf(await waitForObject(cluster, copy("still")));
    await operator.stop();
    await cluster.kubectl("delete", BOXES, "away", "-n", "origin");
    operator = await startOperator(cluster, { flags: FLAGS });
    await waitUntilGone(cluster, copy("away"));
    expect(versionOf(await waitForObject(cluster, copy("still")))).toBe(still);
  });
});

describe("a cluster-scoped source", () => {
  const copyingTiers = clusterPolicy("tiers", {
    name: "copy",
    match: namespacesLabelled("tier"),
    generate: {
      ...{ apiVersion: `${GROUP}/v1`, kind: "Tier", name: `${TRIGGER_NAME}-tier` },
      clone: { name: "{{ request.object.metadata.labels.tier }}" },
    },
  });

  function tier(name: string, rank: number): object {
    return { apiVersion: `${GROUP}/v1`, kind: "Tier", metadata: { name }, spec: { rank } };
  }

  async function waitForRank(name: string, rank: number) {
    return waitForObject(cluster, [TIERS, "", name], ({ spec }) => JSON.stringify(spec) === JSON.stringify({ rank }));
  }

  it("is copied beside itself, follows, and goes", async () => {
    await installDefinition(cluster, TIER);
    await cluster.apply(tier("gold", 1), namespace("ranked", { tier: "gold" }), copyingTiers);
    await waitForRank("ranked-tier", 1);
    await cluster.apply(tier("gold", 2));
    await waitForRank("ranked-tier", 2);
    await cluster.kubectl("delete", TIERS, "ranked-tier");
    await waitForRank("ranked-tier", 2);
    await cluster.kubectl("delete", TIERS, "gold");
    await waitUntilGone(cluster, [TIERS, "", "ranked-tier"]);
  });

  it("may be written out", async () => {
    await cluster.apply(
      tier("base", 7),
      namespace("based", { based: "yes" }),
      clusterPolicy("based", {
        name: "copy",
        match: namespacesLabelled("based"),
        generate: {
          ...{ apiVersion: `${GROUP}/v1`, kind: "Tier", name: `${TRIGGER_NAME}-base` },
          clone: { name: "base" },
        },
      }),
    );
    await waitForRank("based-base", 7);
  });

  it("has no namespace, and a namespaced one has", async () => {
    const copying = (name: string, generate: object): object =>
      clusterPolicy(name, { name: "copy", match: namespacesLabelled(name), generate });
    await cluster.apply(
      copying("with", {
        ...{ apiVersion: `${GROUP}/v1`, kind: "Tier", name: "x" },
        clone: { name: "base", namespace: "origin" },
      }),
      copying("without", {
        ...{ apiVersion: `${GROUP}/v1`, kind: "Box", name: "x", namespace: "origin" },
        clone: { name: "early" },
      }),
    );
    for (const [policy, code] of [
      ["with", "NamespaceForbidden"],
      ["without", "NamespaceRequired"],
    ] as const) {
      const status = await waitForCondition(cluster, policy, {
        type: "Ready",
        status: "False",
        reason: "InvalidPolicy",
      });
      const message = condition(status, "Ready")?.message ?? "";
      expect(message).toContain(`${code}: `);
      expect(message).toMatch(/^spec\.rules\[0\]\.generate\.clone\.namespace:/);
    }
  });
});

describe("a cluster-scoped custom resource", () => {
  const named = (name: string): object => ({ apiVersion: `${GROUP}/v1`, kind: "Tier", metadata: { name } });

  it("triggers, and takes what it triggered with it", async () => {
    await cluster.apply(
      named("listed"),
      clusterPolicy("listing", {
        name: "list",
        match: { any: [{ resources: { kinds: ["Tier"], names: ["listed"] } }] },
        generate: { ...configMap(`tier-${TRIGGER_NAME}`, { a: "b" }), namespace: "origin" },
      }),
    );
    await waitForObject(cluster, ["configmap", "origin", "tier-listed"]);
    await cluster.kubectl("delete", TIERS, "listed");
    await waitUntilGone(cluster, ["configmap", "origin", "tier-listed"]);
  });

  it("is made of data, and goes with its trigger", async () => {
    await cluster.apply(
      namespace("owned", { owned: "yes" }),
      clusterPolicy("owned", {
        name: "make",
        match: namespacesLabelled("owned"),
        generate: {
          apiVersion: `${GROUP}/v1`,
          kind: "Tier",
          name: `${TRIGGER_NAME}-made`,
          data: { spec: { rank: 3 } },
        },
      }),
    );
    await waitForObject(cluster, [TIERS, "", "owned-made"]);
    await cluster.kubectl("patch", TIERS, "owned-made", "--type=merge", "-p", '{"spec":{"rank":4,"more":1}}');
    await waitForObject(cluster, [TIERS, "", "owned-made"], ({ spec }) => JSON.stringify(spec) === '{"rank":3}');
    await cluster.kubectl("label", "namespace", "owned", "owned-");
    await waitUntilGone(cluster, [TIERS, "", "owned-made"]);
  });
});

describe("a trigger that is a custom resource", () => {
  it("has a copy made, and takes it with it after the prune delay", async () => {
    await installDefinition(cluster, TEAM);
    await cluster.apply(
      namespace("teams"),
      storedConfigMap("origin", "welcome", { hello: "team" }),
      clusterPolicy("welcome", {
        name: "copy",
        match: { any: [{ resources: { kinds: ["Team"] } }] },
        generate: {
          ...{ apiVersion: "v1", kind: "ConfigMap" },
          ...{ name: `${TRIGGER_NAME}-welcome`, namespace: "{{ request.object.metadata.namespace }}" },
          clone: { namespace: "origin", name: "welcome" },
        },
      }),
      { apiVersion: `${GROUP}/v1`, kind: "Team", metadata: { name: "red", namespace: "teams" } },
    );
    await waitForObject(cluster, ["configmap", "teams", "red-welcome"]);
    const since = performance.now();
    await cluster.kubectl("delete", TEAMS, "red", "-n", "teams");
    await waitUntilGone(cluster, ["configmap", "teams", "red-welcome"]);
    expect(performance.now() - since).toBeGreaterThan(PRUNE_DELAY);
  });

  it("keeps its copy while its definition is away, and after it is back without it", async () => {
    await cluster.apply({ apiVersion: `${GROUP}/v1`, kind: "Team", metadata: { name: "blue", namespace: "teams" } });
    const place: Place = ["configmap", "teams", "blue-welcome"];
    const before = versionOf(await waitForObject(cluster, place));
    await removeDefinition(cluster, TEAMS);
    await waitForCondition(cluster, "welcome", { type: "Ready", status: "False", reason: "KindUnknown" });
    await cluster.kubectl("delete", "configmap", "welcome", "-n", "origin"); // also while the source goes meanwhile
    await waitForPrune("while-teams-are-away");
    expect(versionOf(await waitForObject(cluster, place))).toBe(before);
    await cluster.apply(storedConfigMap("origin", "welcome", { hello: "again" }));
    await installDefinition(cluster, TEAM);
    await waitForCondition(cluster, "welcome", { type: "Ready", status: "True" });
    await cluster.apply({ apiVersion: `${GROUP}/v1`, kind: "Team", metadata: { name: "blue", namespace: "teams" } });
    const after = await waitForObject(cluster, place, ({ data }) => JSON.stringify(data) === '{"hello":"again"}');
    expect(after.metadata.uid).toBe(before.split(" ")[0]);
  });
});

describe("the versions of a copied kind", () => {
  const both: Definition = { ...BOX, versions: ["v1", "v2"] };

  it("are those that rules name: sources and copies are read and written in them", async () => {
    await installDefinition(cluster, both);
    await cluster.apply(box("second", "oak"), namespace("second", { second: "yes" }), copyingBoxes("second", "v2"));
    await waitForLid(copy("second"), "oak");
    await cluster.apply(box("second", "elm", "v2"));
    await waitForLid(copy("second"), "elm");
    await waitForCondition(cluster, "second", { type: "InSync", status: "True" });
  });

  it("may become fewer and more: the copy stays, and comes under control again", async () => {
    const before = versionOf(await waitForLid(copy("second"), "elm"));
    await cluster.apply(customResourceDefinition({ ...BOX, versions: ["v1"], retired: ["v2"] }));
    await waitForCondition(cluster, "second", { type: "Ready", status: "False", reason: "KindUnknown" });
    await cluster.kubectl("delete", BOXES, "second", "-n", "origin");
    await waitForPrune("while-v2-is-away");
    expect(versionOf(await waitForObject(cluster, copy("second")))).toBe(before);
    await cluster.apply(box("second", "elm"));
    await installDefinition(cluster, both);
    await waitForCondition(cluster, "second", { type: "InSync", status: "True" });
    expect(versionOf(await waitForObject(cluster, copy("second")))).toBe(before);
    await cluster.apply(box("second", "ash"));
    await waitForLid(copy("second"), "ash");
  });
});

describe("the definition of a copied kind", () => {
  it("may be removed and installed again: copies are there as soon as sources are", async () => {
    await removeDefinition(cluster, BOXES);
    await waitForCondition(cluster, "early", { type: "Ready", status: "False", reason: "KindUnknown" });
    await installDefinition(cluster, BOX);
    await waitForCondition(cluster, "early", { type: "InSync", status: "False", reason: "SourceMissing" });
    await cluster.apply(box("early", "new"));
    await waitForLid(copy("early"), "new");
    await waitForCondition(cluster, "early", { type: "InSync", status: "True" });
  });

  it("may be replaced in one go", async () => {
    await removeDefinition(cluster, BOXES);
    await installDefinition(cluster, BOX);
    await cluster.apply(box("early", "newer"));
    await waitForLid(copy("early"), "newer");
    await cluster.kubectl("delete", BOXES, "copy", "-n", "early");
    await waitForLid(copy("early"), "newer");
  });

  it("may be replaced while the operator is away", async () => {
    await operator.stop();
    await removeDefinition(cluster, BOXES);
    await installDefinition(cluster, BOX);
    await waitUntil("a source is stored", async () => {
      await cluster.apply(box("early", "newest"));
      return true;
    });
    operator = await startOperator(cluster, { flags: FLAGS });
    await waitForLid(copy("early"), "newest");
    await waitForCondition(cluster, "early", { type: "InSync", status: "True" });
  });
});
