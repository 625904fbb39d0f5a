/** What happens to sources while nobody looks: afterwards the copies are as if somebody had. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Cluster,
  clusterPolicy,
  hasData,
  type Labels,
  markAudit,
  namespace,
  namespacesLabelled,
  type OperatorProcess,
  operatorRequests,
  type Place,
  printRequest,
  startCluster,
  startOperator,
  storedConfigMap,
  TRIGGER_NAME,
  versionOf,
  waitForCondition,
  waitForObject,
  waitUntilGone,
} from "./harness/index.ts";

const FLAGS = ["--prune-delay=1s"];
/** Each is a policy that copies the source of that name into the namespaces with a label of that name. */
const NAMES = ["appears", "changes", "same", "goes", "replaced", "other", "drifts", "once-late", "once-made", "stays"];

let cluster: Cluster;
let operator: OperatorProcess;

beforeAll(async () => {
  cluster = await startCluster();
  operator = await startOperator(cluster, { flags: FLAGS });
  await cluster.apply(namespace("origin"), ...NAMES.map((name) => namespace(`to-${name}`, { [name]: "yes" })));
});

afterAll(async () => {
  await operator?.stop();
  await cluster?.stop();
});

function copying(name: string): object {
  return clusterPolicy(name, {
    name: "copy",
    match: namespacesLabelled(name),
    generate: {
      ...{ apiVersion: "v1", kind: "ConfigMap", name: "copy", namespace: TRIGGER_NAME },
      clone: { namespace: "origin", name },
      synchronize: !name.startsWith("once"),
    },
  });
}

function source(name: string, data: Labels, metadata: object = {}): object {
  return storedConfigMap("origin", name, data, metadata);
}

function copy(name: string): Place {
  return ["configmap", `to-${name}`, "copy"];
}

async function waitForCopies(data: Labels, ...names: string[]): Promise<void> {
  for (const name of names) await waitForObject(cluster, copy(name), hasData(data));
}

describe.each<[how: string, end: () => Promise<unknown>]>([
  ["was stopped", () => operator.stop()],
  ["was killed", () => operator.kill()],
])("while the operator %s", (_how, end) => {
  const there = NAMES.filter((name) => !["appears", "once-late"].includes(name));
  let versions: Map<string, string>;

  async function versionsOf(...names: string[]): Promise<Map<string, string>> {
    const pairs = names.map(async (name) => [name, versionOf(await waitForObject(cluster, copy(name)))] as const);
    return new Map(await Promise.all(pairs));
  }

  beforeAll(async () => {
    await cluster.apply(...there.map((name) => source(name, { a: "1" })), ...NAMES.map(copying));
    await waitForCopies({ a: "1" }, ...there);
    for (const name of ["appears", "once-late"])
      await waitForCondition(cluster, name, { type: "InSync", status: "False", reason: "SourceMissing" });
    for (const name of there) await waitForCondition(cluster, name, { type: "InSync", status: "True" });
    versions = await versionsOf(...there);
    await end();
    await changeEverything();
  });

  async function changeEverything(): Promise<void> {
    const goes = ["goes", "replaced", "other", "once-made"];
    await cluster.kubectl("delete", "configmap", ...goes, "-n", "origin");
    await cluster.apply(
      source("appears", { a: "2" }),
      source("once-late", { a: "2" }),
      source("changes", { a: "2" }),
      source("replaced", { a: "1" }),
      source("other", { a: "2" }),
      source("same", { a: "1" }, { annotations: { "kubectl.kubernetes.io/touched": "yes" } }),
    );
    const patch = JSON.stringify({ data: { a: "drifted" } });
    await cluster.kubectl("patch", "configmap", "copy", "-n", "to-drifts", "--type=merge", "-p", patch);
  }

  it("is made up for, by the writes it takes and no others", async () => {
    const mark = await markAudit(cluster);
    operator = await startOperator(cluster, { flags: FLAGS });
    await waitForCopies({ a: "2" }, "appears", "changes", "other", "once-late");
    await waitForCopies({ a: "1" }, "same", "replaced", "drifts", "once-made", "stays");
    await waitUntilGone(cluster, copy("goes"));
    await waitForCondition(cluster, "goes", { type: "InSync", status: "False", reason: "SourceMissing" });
    for (const name of NAMES.filter((name) => name !== "goes"))
      await waitForCondition(cluster, name, { type: "InSync", status: "True" });
    const requests = (await operatorRequests(cluster, mark)).filter(
      ({ verb, objectRef }) => objectRef?.resource === "configmaps" && ["patch", "delete"].includes(verb),
    );
    expect(requests.map(printRequest).sort(byText)).toEqual([
      "delete configmaps to-goes/copy 200",
      ...["appears 201", "changes 200", "drifts 200", "once-late 201", "other 200"].map(
        (request) => `patch configmaps to-${request.replace(" ", "/copy ")}`,
      ),
    ]);
    const still = ["same", "replaced", "once-made", "stays"];
    const after = await versionsOf(...still);
    for (const name of still) expect(after.get(name), name).toBe(versions.get(name));
  });

  it("nothing was written to a source", async () => {
    for (const name of NAMES) {
      const managers = (await cluster.get("configmap", "origin", name))?.metadata.managedFields ?? [];
      expect(
        managers.map(({ manager }) => manager),
        name,
      ).not.toContain("perennial");
      expect(managers.length > 0, name).toBe(name !== "goes" && name !== "once-made");
    }
  });

  afterAll(async () => {
    await cluster.kubectl("delete", "clusterpolicies", "--all");
    await cluster.kubectl("delete", "configmaps", "--all", "-n", "origin");
    for (const name of NAMES.filter((name) => !name.startsWith("once"))) await waitUntilGone(cluster, copy(name));
    for (const name of NAMES.filter((name) => name.startsWith("once")))
      await cluster.kubectl("delete", "configmap", "copy", "-n", `to-${name}`, "--ignore-not-found");
  });
});

function byText(a: string, b: string): number {
  return a < b ? -1 : 1;
}
