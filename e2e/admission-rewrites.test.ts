/** Admission that changes what we apply: no fight over it, the status says what is kept, and it heals when that ends. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type AuditMark,
  type Cluster,
  clusterPolicy,
  configMap,
  hasData,
  markAudit,
  namespace,
  namespacesLabelled,
  type OperatorProcess,
  operatorRequests,
  type Place,
  printRequest,
  startCluster,
  startOperator,
  versionOf,
  waitForCondition,
  waitForObject,
  waitUntil,
} from "./harness/index.ts";

let cluster: Cluster;
let operator: OperatorProcess;

beforeAll(async () => {
  cluster = await startCluster();
  operator = await startOperator(cluster);
});

afterAll(async () => {
  await operator?.stop();
  await cluster?.stop();
});

/** On each create and update of a ConfigMap `settings` in the namespace of that name. */
function mutating(name: string, jsonPatch: string): object[] {
  const apiVersion = "admissionregistration.k8s.io/v1";
  const resourceRules = [
    { apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE", "UPDATE"], resources: ["configmaps"] },
  ];
  return [
    {
      apiVersion,
      kind: "MutatingAdmissionPolicy",
      metadata: { name },
      spec: {
        matchConstraints: { resourceRules },
        matchConditions: [{ name: "settings", expression: "object.metadata.name.startsWith('settings')" }],
        mutations: [{ patchType: "JSONPatch", jsonPatch: { expression: jsonPatch } }],
        reinvocationPolicy: "Never",
      },
    },
    {
      apiVersion,
      kind: "MutatingAdmissionPolicyBinding",
      metadata: { name },
      spec: {
        policyName: name,
        matchResources: { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": name } } },
      },
    },
  ];
}

const TIER_IS_LEAD = `[JSONPatch{op: "add", path: "/data/tier", value: "lead"}]`;
const NOTE_IS_ADDED = `[JSONPatch{op: "add", path: "/data/note", value: "seen"}]`;
/** Never the same twice. */
const COUNTED = `[JSONPatch{op: "add", path: "/data/count", value: "count" in object.data ? object.data["count"] + "i" : "i"}]`;

/** Returns when it shows: the API server takes a moment to learn of it. */
async function startMutating(name: string, jsonPatch: string): Promise<void> {
  await cluster.apply(...mutating(name, jsonPatch));
  await waitUntil(`${name} mutates`, async () => (await dryRun(name)) !== PLAIN);
}

async function stopMutating(name: string): Promise<void> {
  for (const kind of ["mutatingadmissionpolicybinding", "mutatingadmissionpolicy"])
    await cluster.kubectl("delete", kind, name);
  await waitUntil(`${name} mutates no more`, async () => (await dryRun(name)) === PLAIN);
}

const PLAIN = JSON.stringify({ tier: "plain" });

/** What the server would make of a plain ConfigMap in the namespace. */
async function dryRun(name: string): Promise<string> {
  const { body } = await cluster.plane.request("POST", `/api/v1/namespaces/${name}/configmaps?dryRun=All`, {
    metadata: { name: "settings-probe" },
    data: { tier: "plain" },
  });
  return JSON.stringify((body as { data?: unknown }).data); // a ConfigMap, or a refusal, which has none
}

function settings(name: string): Place {
  return ["configmap", name, "settings"];
}

function wanting(name: string, tier: string): object {
  const generate = configMap("settings", { tier });
  return clusterPolicy(name, { name: "settings", match: namespacesLabelled(name), generate });
}

/** The operator's requests to change the object, those that were answered with 409 left out: they change nothing. */
async function writes(name: string, since: AuditMark): Promise<string[]> {
  const requests = await operatorRequests(cluster, since);
  return requests
    .filter(({ objectRef, requestURI }) => objectRef?.namespace === name && !requestURI.includes("dryRun"))
    .filter(({ verb, responseStatus }) => ["create", "patch", "delete"].includes(verb) && responseStatus?.code !== 409)
    .map(printRequest);
}

/** Everything that happened before was worked on: something later was, and nothing waits. */
async function settled(name: string): Promise<void> {
  const later = `${name}-later-${laters++}`;
  await cluster.apply(namespace(later, { [name]: "yes" }));
  await waitForObject(cluster, settings(later));
  await waitUntil("nothing is waiting", async () => /perennial_queue_depth 0\n/.test(await operator.metrics()));
}
let laters = 0;

/** Longer than the first retries of what fails would take. */
const A_WHILE = 5_000;

/** Looks at the object for a while: nobody writes it. */
async function expectStandsStill(name: string): Promise<void> {
  const before = versionOf(await waitForObject(cluster, settings(name)));
  const end = performance.now() + A_WHILE;
  await waitUntil(`${name} was watched for a while`, async () => {
    expect(versionOf(await waitForObject(cluster, settings(name)))).toBe(before);
    return performance.now() > end;
  });
}

/** Made, tried again in each way there is, and given up. */
const UNTIL_GIVEN_UP = 5;

describe("admission that keeps another value than was applied", () => {
  let since: AuditMark;

  beforeAll(async () => {
    for (const name of ["by-object", "by-policy"]) {
      await cluster.apply(namespace(name, { [name]: "yes" }));
      await startMutating(name, TIER_IS_LEAD);
    }
    since = await markAudit(cluster);
    await cluster.apply(wanting("by-object", "gold"), wanting("by-policy", "gold"));
  });

  it.each(["by-object", "by-policy"])("is told as NotAccepted with path, asked and got (%s)", async (name) => {
    const status = await waitForCondition(cluster, name, { type: "InSync", status: "False", reason: "NotAccepted" });
    const failures = status.failures ?? [];
    expect(failures.map(({ reason, target }) => `${reason} ${target?.namespace}/${target?.name}`)).toEqual([
      `NotAccepted ${name}/settings`,
    ]);
    expect(failures[0]?.message).toMatch(/\/data\/tier.*lead.*gold/);
  });

  it("is not fought: a few writes, and then none", async () => {
    await expectStandsStill("by-object");
    expect((await writes("by-object", since)).length).toBeLessThanOrEqual(UNTIL_GIVEN_UP);
  });

  it("is not fought when somebody touches the object and leaves its content as it is", async () => {
    const touched = await markAudit(cluster);
    await cluster.kubectl("label", "configmap", "settings", "-n", "by-object", "touched=yes");
    await settled("by-object");
    expect(await writes("by-object", touched)).toEqual([]);
  });

  it("heals when it ends and the object changes", async () => {
    await stopMutating("by-object");
    await cluster.kubectl(
      "patch",
      ...settings("by-object").toSpliced(1, 1),
      "-n",
      "by-object",
      "-p",
      '{"data":{"a":"b"}}',
    );
    await waitForObject(cluster, settings("by-object"), hasData({ tier: "gold" }));
    const { failures } = await waitForCondition(cluster, "by-object", { type: "InSync", status: "True" });
    expect(failures).toEqual([]);
  });

  it("heals when the policy is edited to what is kept, and again when it ends and the policy is edited back", async () => {
    await cluster.apply(wanting("by-policy", "lead"));
    await waitForCondition(cluster, "by-policy", { type: "InSync", status: "True" });
    await stopMutating("by-policy");
    await cluster.apply(wanting("by-policy", "gold"));
    await waitForObject(cluster, settings("by-policy"), hasData({ tier: "gold" }));
    const { failures } = await waitForCondition(cluster, "by-policy", { type: "InSync", status: "True" });
    expect(failures).toEqual([]);
  });
});

describe("admission that adds a field", () => {
  it("is left alone: a target is made by one write and is in sync", async () => {
    await cluster.apply(namespace("adding", { adding: "yes" }));
    await startMutating("adding", NOTE_IS_ADDED);
    const since = await markAudit(cluster);
    await cluster.apply(wanting("adding", "gold"));
    await waitForObject(cluster, settings("adding"), hasData({ tier: "gold", note: "seen" }));
    await waitForCondition(cluster, "adding", { type: "InSync", status: "True" });
    await expectStandsStill("adding");
    expect(await writes("adding", since)).toEqual(["patch configmaps adding/settings 201"]);
  });

  it("is left alone when it comes to a target that was there before", async () => {
    await cluster.apply(namespace("added-later", { "added-later": "yes" }), wanting("added-later", "gold"));
    await waitForObject(cluster, settings("added-later"), hasData({ tier: "gold" }));
    await startMutating("added-later", NOTE_IS_ADDED);
    const since = await markAudit(cluster);
    await cluster.kubectl("label", "configmap", "settings", "-n", "added-later", "touched=yes");
    await waitForObject(cluster, settings("added-later"), hasData({ tier: "gold", note: "seen" }));
    await settled("added-later");
    await waitForCondition(cluster, "added-later", { type: "InSync", status: "True" });
    expect(await writes("added-later", since)).toEqual([]);
  });
});

describe("admission that never does the same twice", () => {
  it("does not keep the operator writing", async () => {
    await cluster.apply(namespace("counting", { counting: "yes" }));
    await startMutating("counting", COUNTED);
    const since = await markAudit(cluster);
    await cluster.apply(wanting("counting", "gold"));
    await waitForObject(cluster, settings("counting"), ({ data }) => JSON.stringify(data).includes("count"));
    await cluster.kubectl("label", "configmap", "settings", "-n", "counting", "touched=yes");
    await settled("counting");
    await expectStandsStill("counting");
    expect((await writes("counting", since)).length).toBeLessThanOrEqual(UNTIL_GIVEN_UP);
  });
});
