/** Marks that were copied, forged, restored or taken off: what only looks like ours, and what is ours all the same. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { KubernetesObject } from "../src/object/index.ts";
import {
  type Cluster,
  edit,
  hasData,
  isUnmarked,
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
  waitUntil,
  waitUntilGone,
  wantingSettings,
} from "./harness/index.ts";

let cluster: Cluster;
let operator: OperatorProcess;

beforeAll(async () => {
  cluster = await startCluster();
  await start();
});

afterAll(async () => {
  await operator?.stop();
  await cluster?.stop();
});

async function start(): Promise<void> {
  operator = await startOperator(cluster, { flags: ["--prune-delay=1s"] });
}

/** A policy of that name, and a namespace with its target. */
async function serve(name: string): Promise<KubernetesObject> {
  await cluster.apply(namespace(name, { [name]: "yes" }), wantingSettings(name, name, { tier: "gold" }));
  return waitForObject(cluster, settingsIn(name));
}

/** As `kubectl get -o yaml | kubectl apply -f -` would, with another place and content where they are given. */
function copyOf({ metadata: { labels, annotations } }: KubernetesObject, place: Place, tier = "changed"): object {
  return storedConfigMap(place[1], place[2], { tier }, { labels, annotations });
}

function isAdopted({ metadata }: KubernetesObject): boolean {
  return metadata.annotations?.["perennial.dev/adopted"] === "true";
}

describe("a copy of a target", () => {
  const copies: Place[] = [["configmap", "copied", "copy"], settingsIn("elsewhere")];

  it("is nobody's, marks and all: never corrected, never deleted", async () => {
    const original = await serve("copied");
    await cluster.apply(namespace("elsewhere"), ...copies.map((place) => copyOf(original, place)));
    const before = await Promise.all(copies.map((place) => waitForObject(cluster, place)));
    await laterEventProcessed(cluster, operator);
    const mark = await markAudit(cluster);
    await edit(cluster, ["configmap", "copied", "copy"], { tier: "again" });
    await cluster.kubectl("delete", "clusterpolicy", "copied");
    await waitUntilGone(cluster, settingsIn("copied")); // the original goes with its policy
    const touched = (await operatorRequests(cluster, mark)).filter(
      ({ objectRef }) => objectRef?.name === "copy" || objectRef?.namespace === "elsewhere",
    );
    expect(touched.map(printRequest)).toEqual([]);
    const after = await Promise.all(copies.map((place) => waitForObject(cluster, place)));
    expect(after.map(({ metadata }) => metadata.uid)).toEqual(before.map(({ metadata }) => metadata.uid));
    expect(after.map(({ data }) => data)).toEqual([{ tier: "again" }, { tier: "changed" }]);
  });

  it("is not counted as a target", async () => {
    const marked = await cluster.list("configmaps", "", "perennial.dev/target");
    const targets = marked.length - copies.length;
    expect(targets).toBeGreaterThan(0);
    expect(await operator.metrics()).toContain(`\nperennial_targets ${targets}\n`);
  });

  it("that lies where a target is wanted is an object that was there: it is adopted, and released one day", async () => {
    const original = await serve("template");
    const place = settingsIn("template-copy");
    await cluster.apply(namespace("template-copy"), copyOf(original, place));
    const { metadata } = await waitForObject(cluster, place);
    await cluster.kubectl("label", "namespace", "template-copy", "template=yes");
    const adopted = await waitForObject(cluster, place, hasData({ tier: "gold" }));
    expect(adopted.metadata.uid).toBe(metadata.uid);
    expect(isAdopted(adopted)).toBe(true);
    expect(adopted.metadata.annotations?.["perennial.dev/trigger"]).toMatch(/^Namespace template-copy /);
    await cluster.kubectl("delete", "clusterpolicy", "template");
    const released = await waitForObject(cluster, place, isUnmarked);
    expect(released.metadata.uid).toBe(metadata.uid);
  });
});

describe("a target that was restored from a backup in its place", () => {
  it("is the claim's own, though its uid is new: put right where it differs, and deleted with its policy", async () => {
    const original = await serve("restored");
    await operator.stop();
    await cluster.kubectl("delete", "configmap", "settings", "-n", "restored");
    await cluster.apply(copyOf(original, settingsIn("restored"), "lead"));
    const { metadata } = await waitForObject(cluster, settingsIn("restored"));
    await start();
    const after = await waitForObject(cluster, settingsIn("restored"), hasData({ tier: "gold" }));
    expect(after.metadata.uid).toBe(metadata.uid);
    expect(isAdopted(after)).toBe(false);
    await cluster.kubectl("delete", "clusterpolicy", "restored");
    await waitUntilGone(cluster, settingsIn("restored"));
  });
});

describe("marks that somebody takes off or forges", () => {
  beforeAll(() => serve("marks"));

  const TAMPERINGS = [
    { what: "one label", args: ["label", "perennial.dev/target-"] },
    { what: "the labels that decide", args: ["label", "perennial.dev/claim-", "perennial.dev/target-"] },
    {
      what: "every label",
      args: [
        "label",
        "app.kubernetes.io/managed-by-",
        "perennial.dev/claim-",
        "perennial.dev/target-",
        "perennial.dev/policy-",
      ],
    },
    {
      what: "the annotations",
      args: ["annotate", "perennial.dev/rule-", "perennial.dev/trigger-", "perennial.dev/policy-ref-"],
    },
    { what: "the label for people, changed", args: ["label", "--overwrite", "perennial.dev/policy=other"] },
    { what: "the manager, changed", args: ["label", "--overwrite", "app.kubernetes.io/managed-by=Helm"] },
    {
      what: "the digest of the target, changed",
      args: ["label", "--overwrite", "perennial.dev/target=0123456789abcdef0123456789abcdef"],
    },
    {
      what: "the digest of the claim, changed",
      args: ["label", "--overwrite", "perennial.dev/claim=0123456789abcdef0123456789abcdef"],
    },
  ];

  it.each(TAMPERINGS)(
    "come back ($what), and the object does not count as adopted",
    async ({ args: [verb = "", ...args] }) => {
      const before = await waitForObject(cluster, settingsIn("marks"));
      await cluster.kubectl(verb, "configmap", "settings", "-n", "marks", ...args);
      const after = await waitForObject(
        cluster,
        settingsIn("marks"),
        (live) => JSON.stringify(metadataOf(live)) === JSON.stringify(metadataOf(before)),
      );
      expect(after.metadata.uid).toBe(before.metadata.uid);
      expect(after.metadata.resourceVersion).not.toBe(before.metadata.resourceVersion);
    },
  );

  it("are told like any other change: what was taken off", async () => {
    await cluster.kubectl("label", "configmap", "settings", "-n", "marks", "perennial.dev/target-");
    await waitUntil("the status tells it", async () => {
      const [latest] = (await policyStatus(cluster, "marks")).drifts ?? [];
      if (latest?.paths.join() === "/metadata/labels/perennial.dev~1target" && latest.after === undefined) return true;
      throw new Error(JSON.stringify(latest));
    });
  });

  it("do not keep the object from going with its policy", async () => {
    await cluster.kubectl("delete", "clusterpolicy", "marks");
    await waitUntilGone(cluster, settingsIn("marks"));
  });

  function metadataOf({ metadata: { labels = {}, annotations = {} } }: KubernetesObject): object {
    return [Object.entries(labels).sort(), Object.entries(annotations).sort()];
  }
});

describe("a target from which everything was taken that says whose it is", () => {
  it("counts as an object that was there before: adopted, and so never deleted", async () => {
    const before = await serve("stripped");
    const patch = ["labels", "annotations"].map((field) => ({ op: "remove", path: `/metadata/${field}` }));
    const cleared = { op: "replace", path: "/metadata/managedFields", value: [{}] };
    const args = ["--type=json", "-p", JSON.stringify([...patch, cleared])];
    await cluster.kubectl("patch", "configmap", "settings", "-n", "stripped", ...args);
    const adopted = await waitForObject(cluster, settingsIn("stripped"), isAdopted);
    expect(adopted.metadata.uid).toBe(before.metadata.uid);
    expect(adopted.metadata.labels).toEqual(before.metadata.labels);
    await waitForCondition(cluster, "stripped", { type: "InSync", status: "True" });
    await cluster.kubectl("delete", "clusterpolicy", "stripped");
    const released = await waitForObject(cluster, settingsIn("stripped"), isUnmarked);
    expect(released.metadata.uid).toBe(before.metadata.uid);
    expect(versionOf(released)).not.toBe(versionOf(adopted));
  });
});

describe("a target whose annotations do not say any more whose it is, and whose policy was deleted while nobody looked", () => {
  it("is kept, and told", async () => {
    await serve("unknown");
    await operator.stop();
    const annotations = ["perennial.dev/rule-", "perennial.dev/trigger-", "perennial.dev/policy-ref-"];
    await cluster.kubectl("annotate", "configmap", "settings", "-n", "unknown", ...annotations);
    await cluster.kubectl("delete", "clusterpolicy", "unknown");
    const before = await waitForObject(cluster, settingsIn("unknown"));
    await start();
    await laterEventProcessed(cluster, operator);
    await waitUntil("it is told", async () =>
      operator.log().some(({ reason, target }) => reason === "TargetKept" && target === "ConfigMap unknown/settings"),
    );
    expect(versionOf(await waitForObject(cluster, settingsIn("unknown")))).toBe(versionOf(before));
  });
});
