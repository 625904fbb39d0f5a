/** Real policies that change objects which exist, from the public collection, which has no tests of them: what they say of themselves. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { JsonObject, KubernetesObject } from "../object/index.ts";
import { parseDocuments } from "./documents.ts";
import { fileOf, namespaceOf, objectOf } from "./plan.fixture.ts";
import { splitDocuments } from "./policies.ts";
import { readFiles } from "./read-files.ts";
import { runTest } from "./run-test.ts";
import { parseTestFile } from "./test-file.ts";
import { readTestValues } from "./test-values.ts";

const POLICIES = join(process.env.PERENNIAL_CORPUS ?? join(process.cwd(), "../shared/corpus"), "policies");
const IS_THERE = existsSync(POLICIES);

type Row = {
  policy: string;
  rule: string;
  /** Kind and name of what triggers it. */
  of: [kind: string, name: string];
  objects: KubernetesObject[];
  result: "pass" | "skip";
  patched?: KubernetesObject[];
  values?: JsonObject;
};

const UPDATED: JsonObject = { globalValues: { "request.operation": "UPDATE" } };

function node(runtime: string, labels: { [key: string]: string } = {}): KubernetesObject {
  const status = { nodeInfo: { containerRuntimeVersion: runtime } };
  return { apiVersion: "v1", kind: "Node", metadata: { name: "n", labels }, status };
}

function deployment(name: string, containers: JsonObject[], annotations?: { [key: string]: string }): KubernetesObject {
  const object = objectOf("apps/v1", "Deployment", name, { spec: { template: { spec: { containers } } } });
  return annotations === undefined ? object : { ...object, metadata: { ...object.metadata, annotations } };
}

function inNamespace(namespace: string, object: KubernetesObject): KubernetesObject {
  return { ...object, metadata: { ...object.metadata, namespace } };
}

function ownedBy(name: string, object: KubernetesObject): KubernetesObject {
  const ownerReferences = [{ apiVersion: "apps/v1", kind: "ReplicaSet", name, uid: "u" }];
  return { ...object, metadata: { ...object.metadata, ownerReferences } };
}

const INJECTED = { "vault.hashicorp.com/agent-inject": "true" };
const PRIVILEGED = { "pod-security.kubernetes.io/enforce": "privileged" };
const BUSYBOX = inNamespace("default", deployment("busybox", [{ name: "busybox", image: "busybox:1.36" }]));
const SECRET = inNamespace("default", objectOf("v1", "Secret", "mysecret", { data: {} }));
const RESTARTED = {
  ...BUSYBOX,
  spec: {
    template: {
      metadata: { annotations: { "ops.corp.com/triggerrestart": "7" } },
      spec: { containers: [{ name: "busybox", image: "busybox:1.36" }] },
    },
  },
};

const ROWS: Row[] = [
  {
    policy: "other/label-existing-namespaces",
    rule: "label-existing-namespaces",
    of: ["Namespace", "a"],
    objects: [namespaceOf("a", {}), namespaceOf("b", { own: "1" })],
    result: "pass",
    patched: [namespaceOf("a", { mykey: "myvalue" }), namespaceOf("b", { own: "1", mykey: "myvalue" })],
  },
  {
    policy: "psa/add-privileged-existing-namespaces",
    rule: "label-privileged-namespaces",
    of: ["Namespace", "a"],
    objects: [namespaceOf("a", {})],
    result: "pass",
    patched: [namespaceOf("a", PRIVILEGED)],
  },
  {
    policy: "psa/add-privileged-existing-namespaces",
    rule: "label-privileged-namespaces",
    of: ["Namespace", "kube-system"],
    objects: [namespaceOf("kube-system", {})],
    result: "skip",
  },
  {
    policy: "other/label-nodes-cri",
    rule: "label-node-containerd",
    of: ["Node", "n"],
    objects: [node("containerd://1.7.2")],
    result: "pass",
    patched: [node("containerd://1.7.2", { runtime: "containerd" })],
  },
  {
    policy: "other/label-nodes-cri",
    rule: "label-node-docker",
    of: ["Node", "n"],
    objects: [node("containerd://1.7.2")],
    result: "skip",
  },
  {
    policy: "other/update-image-tag",
    rule: "update-image-tag-rule",
    of: ["Deployment", "shop/web"],
    objects: [
      deployment(
        "web",
        [
          { name: "web", image: "web:1" },
          { name: "vault-agent", image: "vault:1.4" },
        ],
        INJECTED,
      ),
    ],
    result: "pass",
    patched: [
      deployment(
        "web",
        [
          { name: "web", image: "web:1" },
          { name: "vault-agent", image: "vault:1.5.4" },
        ],
        INJECTED,
      ),
    ],
  },
  {
    policy: "other/restart-deployment-on-secret-change",
    rule: "update-secret",
    of: ["Secret", "default/mysecret"],
    objects: [{ ...SECRET, metadata: { ...SECRET.metadata, resourceVersion: "7" } }, BUSYBOX],
    result: "pass",
    patched: [RESTARTED],
    values: UPDATED,
  },
  {
    policy: "other/scale-deployment-zero",
    rule: "annotate-deployment-rule",
    of: ["Pod", "shop/web-1"],
    objects: [
      ownedBy("web-rs", objectOf("v1", "Pod", "web-1", { status: { containerStatuses: [{ restartCount: 2 }] } })),
      ownedBy("web", objectOf("apps/v1", "ReplicaSet", "web-rs")),
      deployment("web", []),
    ],
    result: "pass",
    patched: [
      {
        ...objectOf("apps/v1", "Deployment", "web", { spec: { replicas: 0, template: { spec: { containers: [] } } } }),
        metadata: { name: "web", namespace: "shop", annotations: { "sre.corp.org/troubleshooting-needed": "true" } },
      },
    ],
    values: UPDATED,
  },
  {
    policy: "other/concatenate-configmaps",
    rule: "concat-cm",
    of: ["ConfigMap", "foo/cmone"],
    objects: [
      inNamespace("foo", objectOf("v1", "ConfigMap", "cmone", { data: { keyone: "one" } })),
      inNamespace("bar", objectOf("v1", "ConfigMap", "cmtwo", { data: { keytwo: "two" } })),
    ],
    result: "pass",
    patched: [inNamespace("bar", objectOf("v1", "ConfigMap", "cmtwo", { data: { keytwo: "two plus one" } }))],
    values: UPDATED,
  },
];

describe.skipIf(IS_THERE)("policies of the corpus that change existing objects", () => {
  it.skip(`SKIPPED: there is no corpus at ${POLICIES}`, () => undefined);
});

describe.skipIf(!IS_THERE)("policies of the corpus that change existing objects", () => {
  it.each(ROWS.map((row) => [row.policy, row.rule, row.result, row] as const))("%s, rule %s: %s", (...[, , , row]) => {
    const { policy, rule, objects, result, patched = [], values = {} } = row;
    const [kind, name] = row.of;
    const file = join(POLICIES, policy, `${policy.slice(policy.indexOf("/") + 1)}.yaml`);
    const files = [...readFiles([file]), fileOf(...objects)];
    const expected = { policy: policy.slice(policy.indexOf("/") + 1), rule, kind, resources: [name], result };
    const wanted = patched.length === 0 ? {} : { patchedResources: "patched.yaml" };
    const parsed = parseTestFile({ metadata: { name: policy }, results: [{ ...expected, ...wanted }] });
    if ("problems" in parsed) return expect.fail(parsed.problems.join("\n"));
    const outcomes = runTest({
      file: parsed.test,
      ...splitDocuments(parseDocuments(files).documents),
      values: readTestValues([values]),
      documentsOf: () => parseDocuments([fileOf(...patched)]).documents,
      now: new Date(0),
    });
    expect(outcomes).toMatchObject([{ outcome: "passed" }]);
  });
});
