/** Generated passwords and times: they never change by themselves, whatever happens around them. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { KubernetesObject } from "../src/object/index.ts";
import {
  type Cluster,
  clusterPolicy,
  edit,
  isUnmarked,
  laterEventProcessed,
  namespace,
  namespacesLabelled,
  type OperatorProcess,
  type Place,
  startCluster,
  startOperator,
  TRIGGER_NAME,
  versionOf,
  waitForCondition,
  waitForObject,
  waitUntil,
  waitUntilGone,
} from "./harness/index.ts";

let cluster: Cluster;
let operator: OperatorProcess;

const FLAGS = ["--prune-delay=1s"];

beforeAll(async () => {
  cluster = await startCluster();
  operator = await startOperator(cluster, { flags: FLAGS });
});

afterAll(async () => {
  await operator?.stop();
  await cluster?.stop();
});

/** A password, and the time at which it was made, in each namespace with the label. */
function passwords(policy: string, more: object = {}, ...before: Parameters<typeof clusterPolicy>[1][]): object {
  return clusterPolicy(policy, ...before, {
    name: "password",
    match: namespacesLabelled(policy),
    generate: {
      apiVersion: "v1",
      kind: "Secret",
      name: "password",
      namespace: TRIGGER_NAME,
      data: { stringData: { password: "{{ random('[a-zA-Z0-9]{24}') }}", since: "{{ time_now_utc() }}" } },
      ...more,
    },
  });
}

function secretIn(where: string): Place {
  return ["secret", where, "password"];
}

function contentOf({ data }: KubernetesObject): { password: string; since: string } {
  const fields = data as { [key: string]: string }; // of a Secret
  const read = (key: string): string => Buffer.from(fields[key] ?? "", "base64").toString();
  return { password: read("password"), since: read("since") };
}

async function setUp(name: string, more: object = {}): Promise<KubernetesObject> {
  await cluster.apply(namespace(name, { [name]: "yes" }), passwords(name, more));
  const secret = await waitForObject(cluster, secretIn(name));
  await waitForCondition(cluster, name, { type: "InSync", status: "True" });
  return secret;
}

async function restart(): Promise<void> {
  await operator.stop();
  operator = await startOperator(cluster, { flags: FLAGS });
  await laterEventProcessed(cluster, operator);
}

/** A later time has another text. */
async function secondPassed({ since }: { since: string }): Promise<void> {
  await waitUntil("another second", async () => Date.now() >= Date.parse(since) + 1_000);
}

describe("a generated password", () => {
  it("fits its pattern, differs from place to place, and is written once", async () => {
    const secret = await setUp("once");
    expect(contentOf(secret).password).toMatch(/^[a-zA-Z0-9]{24}$/);
    expect(contentOf(secret).since).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(secret.metadata.annotations?.["perennial.dev/first-applied"]).toBe(contentOf(secret).since);
    await cluster.apply(namespace("once-too", { once: "yes" }));
    const other = await waitForObject(cluster, secretIn("once-too"));
    expect(contentOf(other).password).not.toBe(contentOf(secret).password);
    await secondPassed(contentOf(secret));
    await cluster.kubectl("label", "namespace", "once", "changed=yes"); // planned again
    await laterEventProcessed(cluster, operator);
    expect(versionOf(await waitForObject(cluster, secretIn("once")))).toBe(versionOf(secret));
  });

  it("survives a restart without a write", async () => {
    const secret = await setUp("restarted");
    await secondPassed(contentOf(secret));
    await restart();
    await waitForCondition(cluster, "restarted", { type: "InSync", status: "True" });
    expect(versionOf(await waitForObject(cluster, secretIn("restarted")))).toBe(versionOf(secret));
  });

  it("comes back as it was when the Secret is deleted or edited", async () => {
    const before = contentOf(await setUp("deleted"));
    await secondPassed(before);
    await cluster.kubectl("delete", "secret", "password", "-n", "deleted");
    const again = await waitForObject(cluster, secretIn("deleted"));
    expect(contentOf(again)).toEqual(before);
    await edit(cluster, secretIn("deleted"), { password: "aGFja2Vk" });
    await waitForObject(cluster, secretIn("deleted"), (secret) => contentOf(secret).password === before.password);
    const annotation = "perennial.dev/first-applied";
    await cluster.kubectl(
      "annotate",
      "secret",
      "password",
      "-n",
      "deleted",
      "--overwrite",
      `${annotation}=2001-01-01T00:00:00Z`,
    );
    await waitForObject(
      cluster,
      secretIn("deleted"),
      ({ metadata }) => metadata.annotations?.[annotation] === before.since,
    );
    expect(contentOf(await waitForObject(cluster, secretIn("deleted")))).toEqual(before);
  });

  it("comes back as it was when the Secret was deleted while nobody looked", async () => {
    const { password, since } = contentOf(await setUp("unseen"));
    await operator.stop();
    await cluster.kubectl("delete", "secret", "password", "-n", "unseen");
    await secondPassed({ since });
    operator = await startOperator(cluster, { flags: FLAGS });
    const again = contentOf(await waitForObject(cluster, secretIn("unseen")));
    expect(again.password).toBe(password);
    expect(Date.parse(again.since)).toBeGreaterThan(Date.parse(since)); // nothing was left that told the first
  });

  it("is left as it was when the policy is replaced by force", async () => {
    const secret = await setUp("replaced");
    const file = JSON.stringify(passwords("replaced"));
    await cluster.kubectl("delete", "clusterpolicies.perennial.dev", "replaced");
    await cluster.apply(JSON.parse(file));
    await waitForCondition(cluster, "replaced", { type: "InSync", status: "True" });
    await laterEventProcessed(cluster, operator);
    expect(versionOf(await waitForObject(cluster, secretIn("replaced")))).toBe(versionOf(secret));
  });

  it("is the same when the policy was deleted, its Secrets were kept, and it is created again", async () => {
    const more = { orphanDownstreamOnPolicyDelete: true };
    const { password } = contentOf(await setUp("orphaned", more));
    await cluster.kubectl("delete", "clusterpolicies.perennial.dev", "orphaned");
    const kept = await waitForObject(cluster, secretIn("orphaned"), isUnmarked);
    expect(contentOf(kept).password).toBe(password);
    await cluster.apply(passwords("orphaned", more));
    const adopted = await waitForObject(cluster, secretIn("orphaned"), (secret) => !isUnmarked(secret));
    expect(contentOf(adopted).password).toBe(password);
    expect(adopted.metadata.uid).toBe(kept.metadata.uid);
  });

  it("is the same when the policy was deleted with its Secrets, and is created again", async () => {
    const { password } = contentOf(await setUp("removed"));
    await cluster.kubectl("delete", "clusterpolicies.perennial.dev", "removed");
    await waitUntilGone(cluster, secretIn("removed"));
    await cluster.apply(passwords("removed"));
    expect(contentOf(await waitForObject(cluster, secretIn("removed"))).password).toBe(password);
  });

  it("is left alone when a rule is written before its own", async () => {
    const secret = await setUp("moved");
    const first = {
      name: "first",
      match: namespacesLabelled("nobody"),
      generate: { apiVersion: "v1", kind: "ConfigMap", name: "first", namespace: TRIGGER_NAME, data: {} },
    };
    await cluster.apply(passwords("moved", {}, first));
    await waitUntil("both rules are served", async () => {
      const policy = await cluster.get("clusterpolicies.perennial.dev", "", "moved");
      return JSON.stringify(policy?.status).includes('"name":"first"');
    });
    await laterEventProcessed(cluster, operator);
    expect(versionOf(await waitForObject(cluster, secretIn("moved")))).toBe(versionOf(secret));
  });
});
