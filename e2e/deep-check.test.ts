/** After a start each target is compared once with a fresh object: slowly, told while it lasts, and then never again. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Audited,
  type AuditMark,
  type Cluster,
  clusterPolicy,
  configMap,
  isLeaseRenewal,
  markAudit,
  namespacesLabelled,
  type OperatorProcess,
  operatorRequests,
  policyStatus,
  printRequest,
  startCluster,
  startOperator,
  TRIGGER_NAME,
  waitUntil,
} from "./harness/index.ts";

const LABEL = "deep-check";
const NAMES = Array.from({ length: 30 }, (_, i) => `deep-${i}`);

const NETWORK_POLICY = {
  apiVersion: "networking.k8s.io/v1",
  kind: "NetworkPolicy",
  name: "deny",
  namespace: TRIGGER_NAME,
  data: { spec: { podSelector: {}, policyTypes: ["Ingress", "Egress"], ingress: [{ ports: [{ port: 443 }] }] } },
};

let cluster: Cluster;
let operator: OperatorProcess | undefined;

beforeAll(async () => {
  cluster = await startCluster();
  operator = await startOperator(cluster);
  await cluster.apply(
    clusterPolicy(
      "deep",
      { name: "deny", match: namespacesLabelled(LABEL), generate: NETWORK_POLICY },
      { name: "settings", match: namespacesLabelled(LABEL), generate: configMap("settings", { owner: TRIGGER_NAME }) },
    ),
    ...NAMES.map((name) => ({ apiVersion: "v1", kind: "Namespace", metadata: { name, labels: { [LABEL]: "yes" } } })),
  );
  await waitUntil("all is made", async () => (await policyStatus(cluster, "deep")).summary?.ratio === "60/60");
});

afterAll(async () => {
  await operator?.stop();
  await cluster?.stop();
});

async function restart(flag: string): Promise<AuditMark> {
  await operator?.stop();
  const mark = await markAudit(cluster);
  operator = await startOperator(cluster, { flags: [flag] });
  return mark;
}

function isQuestion({ verb, requestURI }: Audited): boolean {
  return verb === "create" && requestURI.includes("dryRun=All");
}

/** What was asked of targets and policies: all but lists, the Lease and what every process asks at its start. */
async function requests(since: AuditMark): Promise<Audited[]> {
  const all = await operatorRequests(cluster, since);
  return all.filter((event) => !isLeaseRenewal(event) && ["create", "patch", "delete"].includes(event.verb));
}

/** The Lease is renewed every two seconds: time told by the operator itself. */
async function renewals(since: AuditMark, count: number): Promise<void> {
  await waitUntil(`${count} renewals of the Lease`, async () => {
    const all = await operatorRequests(cluster, since);
    return all.filter(isLeaseRenewal).length >= count;
  });
}

async function pending(): Promise<number> {
  const metrics = (await operator?.metrics()) ?? "";
  return Number(/^perennial_deep_check_pending (\d+)$/m.exec(metrics)?.[1] ?? Number.NaN);
}

function statusOf(name: string) {
  return policyStatus(cluster, name);
}

describe("the deep check", () => {
  it("asks nothing about what was made since the start", async () => {
    const mark = await markAudit(cluster);
    await renewals(mark, 2);
    expect((await requests(mark)).map(printRequest)).toEqual([]);
    expect(await pending()).toBe(0);
  });

  it("asks once about each target after a start, tells how many wait, and then rests", async () => {
    const mark = await restart("--deep-check-rate=12");
    await waitUntil("the status tells that targets wait", async () => {
      const { summary } = await statusOf("deep");
      return (summary?.deepCheckPending ?? 0) > 0;
    });
    expect((await statusOf("deep")).summary?.ratio).toBe("60/60");
    await waitUntil("none waits", async () => (await pending()) === 0);
    await waitUntil("the status tells of none", async () => {
      const { summary } = await statusOf("deep");
      return summary?.deepCheckPending === undefined;
    });
    const asked = await requests(mark);
    expect(asked.filter(isQuestion).map(({ responseStatus }) => responseStatus?.code)).toEqual(Array(60).fill(201));
    const others = asked.filter((event) => !isQuestion(event)).map(printRequest);
    expect(others.filter((text) => !text.includes("clusterpolicies/status"))).toEqual([]);
    expect(others.length).toBeLessThanOrEqual(4); // statuses: begun, ended, and what else there is to tell
    const rest = await markAudit(cluster);
    await renewals(rest, 3);
    expect((await requests(rest)).map(printRequest)).toEqual([]);
  });

  it("finds what somebody added while nobody looked and nobody owns", async () => {
    await operator?.stop();
    const path = "/apis/networking.k8s.io/v1/namespaces/deep-7/networkpolicies/deny";
    const patch = async (...args: string[]) =>
      cluster.kubectl("patch", "networkpolicy", "deny", "-n", "deep-7", ...args);
    await patch("--type=merge", "-p", '{"spec":{"egress":[{}]}}');
    const { body } = await cluster.plane.request("GET", path);
    const { metadata } = body as { metadata: { managedFields: { manager: string }[] } }; // as the API server answers
    const ours = metadata.managedFields.filter(({ manager }) => manager === "perennial");
    const value = JSON.stringify([{ op: "replace", path: "/metadata/managedFields", value: ours }]);
    await patch("--type=json", "-p", value, "--field-manager=somebody");
    operator = await startOperator(cluster);
    await waitUntil("egress is gone", async () => {
      const { body: live } = await cluster.plane.request("GET", path);
      return !("egress" in (live as { spec: object }).spec); // as above
    });
    await waitUntil("the drift is told", async () => {
      const { drifts = [] } = await statusOf("deep");
      return drifts.some(({ target, paths }) => target.namespace === "deep-7" && paths.includes("/spec/egress"));
    });
  });

  it("is left out at a rate of 0", async () => {
    const mark = await restart("--deep-check-rate=0");
    await renewals(mark, 3);
    expect((await requests(mark)).filter(isQuestion)).toEqual([]);
    expect(await pending()).toBe(0);
  });
});
