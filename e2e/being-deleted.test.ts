/** What is being deleted: targets are left until they are gone, triggers count as gone, namespaces are left alone. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { KubernetesObject } from "../src/object/index.ts";
import {
  type Cluster,
  clusterPolicy,
  condition,
  configMap,
  hasData,
  installDefinition,
  laterEventProcessed,
  markAudit,
  namespace,
  type OperatorProcess,
  operatorRequests,
  type Place,
  policyStatus,
  printRequest,
  settingsIn,
  startCluster,
  startOperator,
  storedConfigMap,
  versionOf,
  waitForCondition,
  waitForObject,
  waitUntilGone,
  wantingSettings,
} from "./harness/index.ts";

const FINALIZERS = { finalizers: ["test.example.com/hold"] };
const GROUP = "test.example.com";

let cluster: Cluster;
let operator: OperatorProcess;

beforeAll(async () => {
  cluster = await startCluster();
  await cluster.grant("teams", [{ apiGroups: [GROUP], resources: ["teams"] }]);
  operator = await startOperator(cluster, { flags: ["--prune-delay=2s"] });
});

afterAll(async () => {
  await operator?.stop();
  await cluster?.stop();
});

async function hold([resource, where, name]: Place): Promise<void> {
  await patch([resource, where, name], { metadata: FINALIZERS });
}

async function letGo(place: Place): Promise<void> {
  await patch(place, { metadata: { finalizers: null } });
}

async function patch([resource, where, name]: Place, change: object): Promise<void> {
  const scope = where === "" ? [] : ["-n", where];
  await cluster.kubectl("patch", resource, name, ...scope, "--type=merge", "-p", JSON.stringify(change));
}

/** Returns when it has a deletionTimestamp. */
async function beginDeletion([resource, where, name]: Place): Promise<KubernetesObject> {
  const scope = where === "" ? [] : ["-n", where];
  await cluster.kubectl("delete", resource, name, ...scope, "--wait=false");
  return waitForObject(cluster, [resource, where, name], ({ metadata }) => metadata.deletionTimestamp !== undefined);
}

function isAnother({ metadata: { uid } }: KubernetesObject): (object: KubernetesObject) => boolean {
  return ({ metadata }) => metadata.uid !== uid;
}

describe("a target that is being deleted", () => {
  it("is left as it is until it is gone, and made again then", async () => {
    await cluster.apply(namespace("held", { held: "yes" }), wantingSettings("held", "held", { tier: "gold" }));
    await waitForObject(cluster, settingsIn("held"));
    await hold(settingsIn("held"));
    const going = await beginDeletion(settingsIn("held"));
    await laterEventProcessed(cluster, operator);
    await patch(settingsIn("held"), { data: { tier: "lead" } });
    const edited = await waitForObject(cluster, settingsIn("held"), hasData({ tier: "lead" }));
    await laterEventProcessed(cluster, operator);
    expect(versionOf(await waitForObject(cluster, settingsIn("held")))).toBe(versionOf(edited));
    expect((await policyStatus(cluster, "held")).failures).toEqual([]);
    await letGo(settingsIn("held"));
    await waitForObject(cluster, settingsIn("held"), isAnother(going));
    await waitForCondition(cluster, "held", { type: "InSync", status: "True" });
  });

  it("is made again also when its marks were taken off meanwhile, so that no watch of ours shows its end", async () => {
    await hold(settingsIn("held"));
    const going = await beginDeletion(settingsIn("held"));
    await patch(settingsIn("held"), { metadata: { labels: null } });
    await laterEventProcessed(cluster, operator);
    await letGo(settingsIn("held"));
    await waitForObject(cluster, settingsIn("held"), isAnother(going));
  });

  it("is made when what was there before the policy, and was going, is gone", async () => {
    await cluster.apply(namespace("earlier", { earlier: "yes" }));
    await cluster.apply(storedConfigMap("earlier", "settings", { tier: "theirs" }, FINALIZERS));
    const going = await beginDeletion(settingsIn("earlier"));
    await cluster.apply(wantingSettings("earlier", "earlier", { tier: "gold" }));
    await waitForCondition(cluster, "earlier", { type: "Ready", status: "True" });
    expect(versionOf(await waitForObject(cluster, settingsIn("earlier")))).toBe(versionOf(going));
    await letGo(settingsIn("earlier"));
    await waitForObject(cluster, settingsIn("earlier"), hasData({ tier: "gold" }));
  });
});

describe("a trigger that is being deleted", () => {
  const secret: Place = ["secret", "triggers", "token"];
  const made: Place = ["configmap", "triggers", "token-settings"];

  function beside(policy: string, kind: string): object {
    return clusterPolicy(policy, {
      name: "settings",
      match: { any: [{ resources: { kinds: [kind], namespaces: ["triggers"] } }] },
      generate: { ...configMap("{{ request.object.metadata.name }}-settings", {}), namespace: "triggers" },
    });
  }

  it("counts as gone: its target goes while it is still there, and comes back with the next one of that name", async () => {
    const trigger = { apiVersion: "v1", kind: "Secret", metadata: { name: "token", namespace: "triggers" } };
    await cluster.apply(namespace("triggers"), beside("secrets", "Secret"), trigger);
    await waitForObject(cluster, made);
    await hold(secret);
    const going = await beginDeletion(secret);
    await waitUntilGone(cluster, made);
    expect(versionOf(await waitForObject(cluster, secret))).toBe(versionOf(going));
    await letGo(secret);
    await waitUntilGone(cluster, secret);
    await cluster.apply(trigger);
    await waitForObject(cluster, made);
  });

  it("counts as gone after the prune delay when it is a custom resource", async () => {
    const team: Place = [`teams.${GROUP}`, "triggers", "red"];
    const target: Place = ["configmap", "triggers", "red-settings"];
    await installDefinition(cluster, { group: GROUP, kind: "Team", plural: "teams" });
    const metadata = { name: "red", namespace: "triggers", ...FINALIZERS };
    await cluster.apply(beside("teams", "Team"), { apiVersion: `${GROUP}/v1`, kind: "Team", metadata });
    await waitForObject(cluster, target);
    const since = performance.now();
    await beginDeletion(team);
    await waitUntilGone(cluster, target);
    expect(performance.now() - since).toBeGreaterThan(2_000);
    await waitForObject(cluster, team); // still held
    await letGo(team);
  });
});

describe("a namespace that is being deleted", () => {
  const elsewhere: Place = ["configmap", "going", "elsewhere"];

  it("is left alone: nothing is written there, and nothing fails, while something holds it", async () => {
    await cluster.apply(
      namespace("going", { going: "yes" }),
      namespace("staying", { staying: "yes" }),
      storedConfigMap("going", "holder", {}, FINALIZERS),
      wantingSettings("going", "going", { tier: "gold" }),
      wantingSettings("staying", "staying", { tier: "gold" }, { name: "elsewhere", namespace: "going" }),
    );
    for (const place of [settingsIn("going"), elsewhere]) await waitForObject(cluster, place);
    for (const name of ["going", "staying"]) await waitForCondition(cluster, name, { type: "InSync", status: "True" });
    const mark = await markAudit(cluster);
    await beginDeletion(["namespace", "", "going"]);
    for (const place of [settingsIn("going"), elsewhere]) await waitUntilGone(cluster, place);
    await laterEventProcessed(cluster, operator);
    const requests = (await operatorRequests(cluster, mark)).filter(
      ({ objectRef }) => objectRef?.namespace === "going",
    );
    // a target that went before the Namespace was seen to go is tried again at most once
    expect(requests.filter(({ responseStatus }) => responseStatus?.code !== 403).map(printRequest)).toEqual([]);
    expect(requests.length).toBeLessThanOrEqual(2);
    for (const name of ["going", "staying"]) expect((await policyStatus(cluster, name)).failures).toEqual([]);
    expect(condition(await policyStatus(cluster, "staying"), "Ready")).toMatchObject({ status: "True" });
  });

  it("keeps the policy of a target there waiting, not failing, and the target comes with the next namespace of that name", async () => {
    await letGo(["configmap", "going", "holder"]);
    await waitUntilGone(cluster, ["namespace", "", "going"]);
    await cluster.apply(namespace("going", { going: "yes" }));
    for (const place of [settingsIn("going"), elsewhere]) await waitForObject(cluster, place);
    for (const name of ["going", "staying"]) await waitForCondition(cluster, name, { type: "InSync", status: "True" });
    expect(await policyStatus(cluster, "staying")).toMatchObject({ summary: { corrected: 0 }, drifts: [] });
  });
});
