import { describe, expect, it } from "vitest";
import type { JsonObject, Resource } from "../object/index.ts";
import { type AnyPolicy, parsePolicy } from "../policy/index.ts";
import { type CompiledPolicy, compilePolicy } from "../rule/index.ts";
import type { EntryOptions } from "./entry.ts";
import { requestEntries } from "./request-entries.ts";

const VERBS = ["list", "watch"];
const POD: Resource = {
  ...{ group: "", version: "v1", kind: "Pod", plural: "pods", namespaced: true, verbs: VERBS },
  subresources: [
    { group: "", version: "v1", kind: "PodExecOptions", name: "exec", verbs: ["create"] },
    { group: "policy", version: "v1", kind: "Eviction", name: "eviction", verbs: ["create"] },
  ],
};
const NODE: Resource = {
  ...{ group: "", version: "v1", kind: "Node", plural: "nodes", namespaced: false, verbs: VERBS },
  subresources: [{ group: "", version: "v1", kind: "NodeProxyOptions", name: "proxy", verbs: ["create"] }],
};
const KINDS = [POD, NODE];

const OPTIONS: EntryOptions = {
  installation: "perennial-system",
  reach: { url: "https://192.0.2.1" },
  caBundle: "PEM",
  kyverno: false,
  mustAnswer: () => true,
  owner: undefined,
  leftAlone: ["perennial-system", "kube-system"],
  namespace: "perennial-system",
  ownUser: "robot",
  secret: "s3cret",
};

/** A rule for each filter. */
function policy(...filters: JsonObject[]): CompiledPolicy {
  const rules = filters.map((resources, i) => ({
    name: `r${i}`,
    match: { any: [{ resources }] },
    generate: { apiVersion: "v1", kind: "Pod", name: "x", namespace: "y", data: {} },
  }));
  const parsed = parsePolicy({
    ...{ apiVersion: "perennial.dev/v1", kind: "ClusterPolicy", metadata: { name: "p" } },
    spec: { rules },
  });
  if ("issues" in parsed) throw new Error(JSON.stringify(parsed.issues));
  const compiled = compilePolicy(parsed.policy as AnyPolicy, { find: () => POD, all: () => KINDS });
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.issues));
  return compiled.policy;
}

function derived(...filters: JsonObject[]): JsonObject | undefined {
  const [webhook] = requestEntries([policy(...filters)], OPTIONS)?.webhooks ?? [];
  return webhook;
}

describe("the entries for requests", () => {
  it("are none where watches show all, or nobody serves what is named", () => {
    expect(requestEntries([policy({ kinds: ["Node"] })], OPTIONS)).toBeUndefined();
    expect(requestEntries([policy({ kinds: ["Gadget/exec"] })], OPTIONS)).toBeUndefined();
  });

  it("let requests pass unseen where nobody answers, and never make us see our own", () => {
    expect(derived({ kinds: ["Pod/exec"] })).toMatchObject({
      clientConfig: { url: "https://192.0.2.1/requests/s3cret" },
      ...{ failurePolicy: "Ignore", sideEffects: "NoneOnDryRun", timeoutSeconds: 2 },
      matchConditions: [{ expression: 'request.userInfo.username != "robot"' }],
    });
  });

  it("name no more than some rule needs", () => {
    const webhook = derived(
      { kinds: ["Pod/exec"], operations: ["CONNECT"] },
      { kinds: ["Pod/eviction"], operations: ["CREATE"] },
      { kinds: ["Node/proxy"], operations: ["CONNECT"] },
      { kinds: ["Pod/exec"], operations: ["CREATE"] },
    );
    const versions = { apiGroups: [""], apiVersions: ["v1"] };
    expect(webhook?.rules).toEqual([
      { ...versions, operations: ["CONNECT"], resources: ["nodes/proxy"], scope: "Cluster" },
      { ...versions, operations: ["CONNECT", "CREATE"], resources: ["pods/exec"], scope: "Namespaced" },
      { ...versions, operations: ["CREATE"], resources: ["pods/eviction"], scope: "Namespaced" },
    ]);
  });

  it("leave namespaces out that are left alone, and all others where rules name theirs", () => {
    const alone = {
      key: "kubernetes.io/metadata.name",
      operator: "NotIn",
      values: ["kube-system", "perennial-system"],
    };
    const shop = { kinds: ["Pod/exec"], namespaces: ["shop"] };
    const only = { key: "kubernetes.io/metadata.name", operator: "In", values: ["shop"] };
    expect(derived(shop)?.namespaceSelector).toEqual({ matchExpressions: [alone, only] });
    expect(derived(shop, { kinds: ["Pod/exec"] })?.namespaceSelector).toEqual({ matchExpressions: [alone] });
  });

  it("are probed under a path of their own, which changes with them", () => {
    const pathOf = (...filters: JsonObject[]) => requestEntries([policy(...filters)], OPTIONS)?.probePath;
    expect(pathOf({ kinds: ["Pod/exec"] })).toMatch(/^\/probe\/[0-9a-f]{32}$/);
    expect(pathOf({ kinds: ["Pod/exec"] })).not.toBe(pathOf({ kinds: ["Pod/eviction"] }));
  });
});
