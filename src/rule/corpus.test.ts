/** Policies that people use, from the public collection; the corpus lies outside the project. */

import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { loadAll } from "js-yaml";
import { describe, expect, it } from "vitest";
import {
  apiVersionOf,
  canonicalObject,
  isJsonObject,
  type JsonObject,
  type KubernetesObject,
  type Resource,
  valueAt,
} from "../object/index.ts";
import { type ParsedPolicy, parseForeignPolicy, parsePolicy } from "../policy/index.ts";
import { compilePolicy } from "./compile.ts";
import { ListSnapshot } from "./language.fixture.ts";
import type { ServedKinds } from "./rule.ts";

const folder = join(process.env.PERENNIAL_CORPUS ?? join(process.cwd(), "../shared/corpus"), "policies");
const isThere = existsSync(folder);

/** What is refused for now, and why that is true. */
const TRUE_REASONS: { readonly [issue: string]: string } = {
  "UnsupportedField spec.rules[].mutate.foreach[].context[].imageRegistry": "registries are not asked",
  "UnsupportedField spec.background": "false asks for admission only, and the rule is about what is stored",
  // validate rules belong to Kyverno; they are noted, not refused, once policies of kyverno.io are served
  "ExclusiveFields spec.rules[]": "a validate rule neither generates nor mutates",
  "UnknownField spec.rules[].validate": "validate rules are Kyverno's own",
  "UnknownField spec.validationFailureAction": "it is about validate rules",
};

/** Policies whose generate rules are served, as they are written. */
const SERVED_POLICIES = [
  "audit-event-on-delete",
  "add-rolebinding",
  "add-networkpolicy",
  "add-networkpolicy-dns",
  "config-syncer-secret-generation-from-rancher-capi",
  "create-authorizationpolicy",
  "create-default-pdb",
  "expiration-for-policyexceptions",
  "generate-flux-multi-tenant-resources",
  "sync-secrets",
];

/** Policies whose mutate rules about existing objects are served. */
const SERVED_MUTATIONS = [
  "add-node-labels-pod",
  "add-privileged-existing-namespaces",
  "concatenate-configmaps",
  "label-existing-namespaces",
  "label-nodes-cri",
  "restart-deployment-on-secret-change",
  "scale-deployment-zero",
  "update-image-tag",
];

/** Policies whose mutate rules are served at admission. */
const SERVED_AT_ADMISSION = [
  "add-ambient-mode-namespace",
  "add-capabilities",
  "add-certificates-volume",
  "add-default-resources",
  "add-castai-removal-disabled",
  "add-emptydir-sizelimit",
  "add-external-secret-prefix",
  "add-imagepullsecrets",
  "add-karpenter-daemonset-priority-class",
  "add-linkerd-mesh-injection",
  "add-linkerd-policy-annotation",
  "add-nodeselector",
  "add-pod-proxies",
  "add-safe-to-evict",
  "add-sidecar-injection-namespace",
  "add-volume",
  "apply-pss-restricted-profile",
  "change-dns-config-policy",
  "copy-namespace-labels",
  "enable-kubecost-continuous-rightsizing",
  "inject-infrastructurename",
  "insert-pod-antiaffinity",
  "kubernetes-version-check",
  "log4shell-mitigation",
  "mutate-termination-grace-period-seconds",
  "prepend-registry",
  "remove-hostpath-volumes",
  "replace-image-registry",
  "set-karpenter-non-cpu-limits",
  "spread-pods",
];

/** Policies with generate rules that are refused as perennial.dev, and for what; nothing else of the corpus that generates is. */
const REFUSED_POLICIES: { readonly [policy: string]: readonly string[] } = {
  "k6t-add-services": ["UnsupportedField spec.background"],
};

/** The same in place, as kyverno.io, with those that mutate; `background` says nothing there. */
const REFUSED_IN_PLACE: typeof REFUSED_POLICIES = {
  "inject-env-var-from-image-label": ["UnsupportedField spec.rules[].mutate.foreach[].context[].imageRegistry"],
};

const KINDS: readonly Resource[] = [
  resource("", "Namespace", "namespaces", false),
  resource("", "Node", "nodes", false),
  resource("", "Pod", "pods"),
  resource("", "Secret", "secrets"),
  resource("apps", "Deployment", "deployments"),
  resource("apps", "ReplicaSet", "replicasets"),
  resource("networking.k8s.io", "NetworkPolicy", "networkpolicies"),
  resource("policy", "PodDisruptionBudget", "poddisruptionbudgets"),
];

function resource(group: string, kind: string, plural: string, namespaced = true): Resource {
  return { group, version: "v1", kind, plural, namespaced, verbs: ["list", "watch"] };
}

const SERVED: ServedKinds = {
  find: (apiVersion, kind) =>
    KINDS.find((served) => served.kind === kind && apiVersionOf(served.group, served.version) === apiVersion),
  all: () => KINDS,
};

type Stored = { name: string; policy: JsonObject };

/** As if they were written for us: the language is the same. */
function policiesIn(file: string): Stored[] {
  return objectsIn(file)
    .filter(({ kind }) => kind === "ClusterPolicy" || kind === "Policy")
    .map((object) => ({
      name: String(valueAt(object, ["metadata", "name"])),
      policy: { ...object, apiVersion: "perennial.dev/v1" },
    }));
}

function objectsIn(file: string): JsonObject[] {
  return loadAll(readFileSync(join(folder, file), "utf8")).filter(isJsonObject);
}

/** `code path` of what is wrong, wherever in a list it stands. */
function issuesOf(policy: JsonObject): string[] {
  return issuesIn(parsePolicy(policy));
}

function issuesIn(parsed: ParsedPolicy): string[] {
  const compiled = "issues" in parsed ? { ok: false as const, ...parsed } : compilePolicy(parsed.policy, SERVED);
  const issues = compiled.ok ? [] : compiled.issues;
  return [...new Set(issues.map(({ code, path }) => `${code} ${path.replaceAll(/\[\d+\]/g, "[]")}`))];
}

/** The offline tests of generate rules that are served: a trigger, and the object that the rule must give. */
function offlineTests(): { rule: string; policy: JsonObject; trigger: KubernetesObject; expected: KubernetesObject }[] {
  return globSync("**/kyverno-test.yaml", { cwd: folder }).flatMap((file) => {
    const [test] = objectsIn(file);
    const beside = (name: unknown): string => join(dirname(file), String(name));
    const [policy] = objectsIn(beside(valueAt(test, ["policies", 0])));
    const results = valueAt(test, ["results"]);
    return (Array.isArray(results) ? results.filter(isJsonObject) : []).flatMap((result) => {
      const isServed = SERVED_POLICIES.includes(String(result.policy)) && result.generatedResource !== undefined;
      if (!isServed || policy === undefined) return [];
      const [trigger] = objectsIn(beside(valueAt(test, ["resources", 0])));
      const [expected] = objectsIn(beside(result.generatedResource));
      const objects = { trigger: trigger as KubernetesObject, expected: expected as KubernetesObject }; // manifests
      return [{ rule: String(result.rule), policy: { ...policy, apiVersion: "perennial.dev/v1" }, ...objects }];
    });
  });
}

describe("the offline tests of the corpus", () => {
  if (!isThere) it.skip(`SKIPPED: there is no corpus at ${folder}`, () => undefined);

  const tests = isThere ? offlineTests() : [];
  for (const { rule, policy, trigger, expected } of tests) {
    it(`give what ${rule} has to generate`, () => {
      const parsed = parsePolicy(policy);
      const compiled = "policy" in parsed ? compilePolicy(parsed.policy, SERVED) : undefined;
      const found = compiled?.ok ? compiled.policy.rules.find(({ name }) => name === rule) : undefined;
      expect(found?.whyNotSelected(trigger, { namespaceLabels: () => undefined })).toBeUndefined();
      const desired = found?.desired(trigger, new ListSnapshot([trigger]));
      const made = desired?.ok ? desired.targets.map(({ object }) => object) : [];
      expect(made.map(withoutLabels)).toEqual([withoutLabels(canonicalObject(expected))]);
    });
  }

  if (isThere) it("are those of the served policies", () => expect(tests.length).toBeGreaterThanOrEqual(2));
});

function hasRules(kind: "generate" | "mutate", policy: JsonObject): boolean {
  const rules = valueAt(policy, ["spec", "rules"]);
  return Array.isArray(rules) && rules.some((rule) => isJsonObject(rule) && rule[kind] !== undefined);
}

/** What marks an object says nothing of its content. */
function withoutLabels(object: KubernetesObject): object {
  const { name, namespace } = object.metadata;
  return { ...object, metadata: { name, namespace } };
}

describe("the policies of the corpus", () => {
  if (!isThere) it.skip(`SKIPPED: there is no corpus at ${folder}`, () => undefined);

  const files = isThere ? globSync("**/*.yaml", { cwd: folder }).filter((file) => !file.includes("/test/")) : [];
  const policies = files.flatMap(policiesIn);

  for (const { name, policy } of policies) {
    it(`compiles ${name}, or refuses it for a reason that is true`, () => {
      const issues = issuesOf(policy);
      expect(issues.filter((issue) => !Object.hasOwn(TRUE_REASONS, issue))).toEqual([]);
    });
  }

  if (isThere) {
    it("are all there", () => expect(policies).toHaveLength(51));

    it("are refused for no other reasons than these", () => {
      expect(new Set(policies.flatMap(({ policy }) => issuesOf(policy)))).toEqual(new Set(Object.keys(TRUE_REASONS)));
    });

    it("that generate are served, but for those that say so here", () => {
      const generating = policies.filter(({ policy }) => hasRules("generate", policy));
      const refused = generating.filter(({ policy }) => issuesOf(policy).length > 0);
      expect(Object.fromEntries(refused.map(({ name, policy }) => [name, issuesOf(policy)]))).toEqual(REFUSED_POLICIES);
      expect(generating).toHaveLength(SERVED_POLICIES.length + Object.keys(REFUSED_POLICIES).length);
    });

    it("are served in place as well, where they generate or mutate, but for those that say so here", () => {
      const read = policies.map(({ name, policy }) => ({
        name,
        ...parseForeignPolicy({ ...policy, apiVersion: "kyverno.io/v1" }),
      }));
      const served = read.flatMap(({ name, parsed }) =>
        parsed === undefined ? [] : [{ name, issues: issuesIn(parsed) }],
      );
      const refused = served.filter(({ issues }) => issues.length > 0);
      expect(Object.fromEntries(refused.map(({ name, issues }) => [name, issues]))).toEqual(REFUSED_IN_PLACE);
      expect(served).toHaveLength(
        policies.filter(({ policy }) => hasRules("generate", policy) || hasRules("mutate", policy)).length,
      );
      const others = read.filter(({ parsed }) => parsed === undefined);
      for (const { name, notes } of others) expect(notes.join(), name).toMatch(/is left out: /);
    });

    it("are served where level rules alone generate or change existing objects, or rules change what is admitted", () => {
      const served = policies.filter(({ policy }) => issuesOf(policy).length === 0).map(({ name }) => name);
      expect(served.sort()).toEqual([...SERVED_POLICIES, ...SERVED_MUTATIONS, ...SERVED_AT_ADMISSION].sort());
    });
  }
});
