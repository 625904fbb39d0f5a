/** The annotation that tells who created an object: when the API server asks, and what it is told. */

import { describe, expect, it } from "vitest";
import { CREATED_BY, type JsonObject, type KubernetesObject, readCreator, signCreator } from "../object/index.ts";
import { type AnyPolicy, parsePolicy } from "../policy/index.ts";
import { type CompiledPolicy, compilePolicy } from "../rule/index.ts";
import { reviewCreatedBy } from "./created-by-review.ts";
import { mutationConfiguration } from "./mutation-configuration.ts";
import type { AdmissionRequest } from "./review.ts";

const KEY = Buffer.from("a key");
const VERBS = ["list", "watch"];
const RESOURCES = [
  { group: "", version: "v1", kind: "ConfigMap", plural: "configmaps", namespaced: true, verbs: VERBS },
  {
    ...{ group: "", version: "v1", kind: "Namespace", plural: "namespaces", namespaced: false, verbs: VERBS },
    subresources: ["status", "exec"].map((name) => ({ group: "", version: "v1", kind: "Namespace", name, verbs: [] })),
  },
];
const SERVED = {
  find: (apiVersion: string, kind: string) => RESOURCES.find((served) => served.kind === kind && apiVersion === "v1"),
  all: () => RESOURCES,
};

function policy(match: JsonObject, by = "{{ request.userInfo.username }}"): CompiledPolicy {
  const generate = { apiVersion: "v1", kind: "ConfigMap", name: "made", namespace: "shop", data: { data: { by } } };
  const object = { apiVersion: "perennial.dev/v1", kind: "ClusterPolicy", metadata: { name: "p" } };
  const parsed = parsePolicy({ ...object, spec: { rules: [{ name: "r", match, generate }] } });
  if ("issues" in parsed) throw new Error(JSON.stringify(parsed.issues));
  const compiled = compilePolicy(parsed.policy as AnyPolicy, SERVED);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.issues));
  return compiled.policy;
}

const NAMESPACES: JsonObject = { resources: { kinds: ["Namespace"] } };

function entriesFor(...policies: CompiledPolicy[]): JsonObject[] {
  const configuration = mutationConfiguration({
    ...{ installation: "i", reach: { url: "https://192.0.2.1" }, caBundle: "", kyverno: false, mustAnswer: () => true },
    ...{ owner: undefined, leftAlone: ["kube-system"], namespace: "n", ownUser: "us", secret: "s", written: new Set() },
    policies,
  });
  return (configuration?.object.webhooks ?? []) as JsonObject[]; // as it makes them
}

describe("the API server is asked to ask", () => {
  it("about the kinds of rules that ask who created them, when they are created or the annotation is touched", () => {
    const [entry, probe] = entriesFor(policy(NAMESPACES));
    expect(probe?.name).toBe("probe.perennial.dev");
    expect(entry).toMatchObject({ name: "created-by.perennial.dev", failurePolicy: "Ignore", sideEffects: "None" });
    expect(entry?.rules).toMatchObject([
      { resources: ["namespaces"], operations: ["CREATE", "UPDATE"] },
      { resources: ["namespaces/status"], operations: ["UPDATE"] }, // through which annotations may be written, too
    ]);
    expect(JSON.stringify(entry?.matchConditions)).toContain("request.operation == 'CREATE' || ");
    expect(JSON.stringify(entry?.namespaceSelector)).toContain("kube-system");
  });

  it("whatever labels they have, as labels may come later, but only in the namespaces that are named", () => {
    const resources = { kinds: ["ConfigMap"], namespaces: ["shop"], selector: { matchLabels: { a: "b" } } };
    const [entry] = entriesFor(policy({ any: [{ resources }] }));
    expect(entry?.objectSelector).toEqual({});
    expect(JSON.stringify(entry?.namespaceSelector)).toContain('"values":["shop"]');
  });

  it("about nothing where no rule asks, or nobody serves the kind", () => {
    expect(entriesFor(policy(NAMESPACES, "x"), policy({ resources: { kinds: ["Widget"] } }))).toEqual([]);
  });
});

const SHOP: KubernetesObject = { apiVersion: "v1", kind: "Namespace", metadata: { name: "shop" } };

function annotated(value: string | undefined, others: { [name: string]: string } = {}): KubernetesObject {
  const annotations = { ...others, ...(value === undefined ? {} : { [CREATED_BY]: value }) };
  return { ...SHOP, metadata: { ...SHOP.metadata, annotations } };
}

function review(request: Partial<AdmissionRequest>, groups: string[] = ["devs"], policies = [policy(NAMESPACES)]) {
  const fields = { userInfo: { username: "ann", uid: "u", groups } };
  const whole = { uid: "1", operation: "CREATE" as const, object: SHOP, oldObject: undefined, fields, ...request };
  return reviewCreatedBy(whole, { installationKey: KEY, policies });
}

const ANN = { username: "ann", uid: "u", groups: ["devs"] };
const VALUE = signCreator(KEY, SHOP, ANN) ?? "";
const OTHER = signCreator(KEY, { ...SHOP, metadata: { name: "other" } }, ANN) ?? "";

const PLACE = `/metadata/annotations/${CREATED_BY.replace("/", "~1")}`;
const UPDATE = { operation: "UPDATE" as const };

describe("the annotation", () => {
  it.each<[what: string, request: Partial<AdmissionRequest>, patch: object[] | undefined]>([
    ["is written", { object: annotated(undefined, { a: "b" }) }, [{ op: "add", path: PLACE, value: VALUE }]],
    ["replaces what was forged", { object: annotated("forged") }, [{ op: "replace", path: PLACE, value: VALUE }]],
    ["replaces what was copied", { object: annotated(OTHER) }, [{ op: "replace", path: PLACE, value: VALUE }]],
    ["is written once", { object: annotated(VALUE) }, undefined],
    [
      "is put back",
      { ...UPDATE, object: annotated("x"), oldObject: annotated(VALUE) },
      [{ op: "replace", path: PLACE, value: VALUE }],
    ],
    [
      "is put back where it was removed",
      { ...UPDATE, object: annotated(undefined), oldObject: annotated(VALUE) },
      [{ op: "add", path: PLACE, value: VALUE }],
    ],
    ["is not written later", { ...UPDATE, object: annotated(OTHER), oldObject: SHOP }, [{ op: "remove", path: PLACE }]],
    [
      "is taken out where it was forged before",
      { ...UPDATE, object: annotated("y"), oldObject: annotated("x") },
      [{ op: "remove", path: PLACE }],
    ],
    [
      "is left alone on the way out",
      { object: { ...SHOP, metadata: { ...SHOP.metadata, deletionTimestamp: "2026-01-01T00:00:00Z" } } },
      undefined,
    ],
    ["is no matter of deletions", { operation: "DELETE", object: undefined, oldObject: SHOP }, undefined],
  ])("%s", (_what, request, patch) => {
    const answer = review(request);
    expect(answer).toEqual({ allowed: true, warnings: [], ...(patch === undefined ? {} : { patch }) });
  });

  it("leaves groups out that do not fit, and warns where a rule asks for them", () => {
    const many = Array.from({ length: 50 }, (_, i) => `a-group-with-a-long-name-${i}`);
    const value = signCreator(KEY, SHOP, { ...ANN, groups: many }) ?? "";
    const silent = review({}, many);
    expect(silent).toMatchObject({ warnings: [], patch: [{ value: { [CREATED_BY]: value } }] });
    expect(readCreator(KEY, annotated(value))).toEqual({ creator: { ...ANN, groups: undefined } });
    const asking = [policy({ ...NAMESPACES, subjects: [{ kind: "Group", name: "x" }] })];
    expect(review({}, many, asking).warnings.join()).toContain("are too many to be kept with it");
  });

  it("is absent, with a warning, where not even the name fits", () => {
    const fields = { userInfo: { username: "x".repeat(1_100) } };
    const answer = review({ object: annotated("forged"), fields });
    expect(answer).toMatchObject({ patch: [{ op: "remove", path: PLACE }] });
    expect(answer.warnings.join()).toContain("is too long to be kept with it");
  });
});
