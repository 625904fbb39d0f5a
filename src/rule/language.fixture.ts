/** Policies with one rule, compiled as the operator does, over a cluster that is a list of objects. */

import {
  apiVersionOf,
  hash,
  isJsonObject,
  type Json,
  type JsonObject,
  type KubernetesObject,
  keyedNumbers,
  keyOf,
  type Resource,
  readCreator,
  refOf,
} from "../object/index.ts";
import { type Issue, parsePolicy } from "../policy/index.ts";
import { compilePolicy } from "./compile.ts";
import type { Call, CallResult } from "./lookup.ts";
import type { CompiledRule, Desired, ServedKinds, Snapshot } from "./rule.ts";

const VERBS = ["get", "list", "watch"];

function resource(group: string, version: string, kind: string, namespaced: boolean, verbs = VERBS): Resource {
  return { group, version, kind, plural: `${kind.toLowerCase()}s`, namespaced, verbs };
}

export const KINDS: readonly Resource[] = [
  resource("", "v1", "Namespace", false),
  resource("", "v1", "Node", false),
  resource("", "v1", "Pod", true),
  resource("", "v1", "ConfigMap", true),
  resource("", "v1", "Secret", true),
  resource("apps", "v1", "Deployment", true),
  resource("authorization.k8s.io", "v1", "SubjectAccessReview", false, ["create"]),
  resource("authorization.k8s.io", "v1", "LocalSubjectAccessReview", true, ["create"]),
  resource("metrics.k8s.io", "v1beta1", "PodMetrics", true, ["get", "list"]),
  resource("t.example.com", "v1", "Widget", true),
];

export const SERVED: ServedKinds = {
  find: (apiVersion, kind) =>
    KINDS.find((served) => served.kind === kind && apiVersionOf(served.group, served.version) === apiVersion),
  all: () => KINDS,
};

export const TRIGGER: KubernetesObject = {
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name: "shop", uid: "u1", labels: { team: "checkout" }, annotations: { replicas: "3" } },
};

const RULE: JsonObject = {
  name: "r",
  match: { any: [{ resources: { kinds: ["Namespace"] } }] },
  generate: {
    apiVersion: "v1",
    kind: "ConfigMap",
    name: "made",
    namespace: "shop",
    data: { data: { a: "b" } },
  },
};

/** What replaces parts of a good rule; undefined leaves a part out. */
export type Changes = { [field: string]: Json | undefined };

export function ruleWith(changes: Changes): JsonObject {
  return JSON.parse(JSON.stringify({ ...RULE, ...changes })) as JsonObject; // JSON without what is undefined
}

/** A rule that makes a ConfigMap of this data. */
export function making(data: Json, changes: Changes = {}): JsonObject {
  return ruleWith({ ...changes, generate: { ...(RULE.generate as JsonObject), data: { data } } }); // an object, above
}

/** What is wrong with a policy of one rule, as `code path`, whether the schema or the compiler tells. */
export function issuesOf(rule: JsonObject, namespace?: string): string[] {
  const compiled = compileRule(rule, namespace);
  return "issues" in compiled ? compiled.issues.map(({ code, path }) => `${code} ${path}`) : [];
}

/** The same of a whole ClusterPolicy. */
export function issuesOfSpec(spec: JsonObject): string[] {
  const parsed = parsePolicy({ apiVersion: "perennial.dev/v1", kind: "ClusterPolicy", metadata: { name: "p" }, spec });
  const compiled = "issues" in parsed ? { ok: false as const, ...parsed } : compilePolicy(parsed.policy, SERVED);
  return compiled.ok ? [] : compiled.issues.map(({ code, path }) => `${code} ${path}`);
}

export function compileRule(
  rule: JsonObject,
  namespace?: string,
): { issues: readonly Issue[] } | { rule: CompiledRule; unknownKinds: readonly string[] } {
  const metadata = { name: "p", ...(namespace === undefined ? {} : { namespace }) };
  const kind = namespace === undefined ? "ClusterPolicy" : "Policy";
  const parsed = parsePolicy({ apiVersion: "perennial.dev/v1", kind, metadata, spec: { rules: [rule] } });
  if ("issues" in parsed) return parsed;
  const compiled = compilePolicy(parsed.policy, SERVED);
  if (!compiled.ok) return compiled;
  const [only] = compiled.policy.rules;
  if (only === undefined) throw new Error("no rule");
  return { rule: only, unknownKinds: compiled.policy.unknownKinds };
}

export function compiledRule(rule: JsonObject, namespace?: string): CompiledRule {
  const compiled = compileRule(rule, namespace);
  if ("issues" in compiled) throw new Error(JSON.stringify(compiled.issues));
  return compiled.rule;
}

export const KEY = new TextEncoder().encode("the key of a test");

function nobody(): CallResult {
  return { ok: false, message: "nobody answers" };
}

/** Notes what is looked at, for tests of what is not. */
export class ListSnapshot implements Snapshot {
  readonly environment = { now: () => new Date(1_000_000), hash };
  readonly looked: string[] = [];
  readonly called: Call[] = [];
  readonly #objects: readonly KubernetesObject[];
  readonly #answers: (call: Call) => CallResult;

  constructor(objects: readonly KubernetesObject[], answers: (call: Call) => CallResult = nobody) {
    this.#objects = objects;
    this.#answers = answers;
  }

  numbers: Snapshot["numbers"] = (fields) => keyedNumbers(KEY, fields);

  creator: Snapshot["creator"] = (object) => readCreator(KEY, object);

  firstApplied: Snapshot["firstApplied"] = () => new Date(0);

  read: Snapshot["read"] = (_resource, ref) => {
    this.looked.push(`${ref.kind} ${ref.namespace}/${ref.name}`);
    return this.#objects.find((object) => keyOf(refOf(object)) === keyOf(ref));
  };

  list: Snapshot["list"] = ({ group, kind }, namespace) => {
    this.looked.push(`${kind} ${namespace ?? "*"}`);
    return this.#objects.filter((object) => {
      const ref = refOf(object);
      return ref.kind === kind && ref.group === group && (namespace ?? ref.namespace) === ref.namespace;
    });
  };

  call: Snapshot["call"] = ({ call, answer }) => {
    this.called.push(call);
    return answer(this.#answers(call)).value;
  };

  look: Snapshot["look"] = ({ resource, namespace, name, answer }) => {
    const ref = { ...resource, namespace: namespace ?? "", name: name ?? "" };
    return answer(name === undefined ? this.list(resource, namespace) : this.read(resource, ref)).value;
  };
}

export function desiredBy(
  rule: JsonObject | CompiledRule,
  { trigger = TRIGGER, objects = [] }: { trigger?: KubernetesObject; objects?: readonly KubernetesObject[] } = {},
): Desired {
  const compiled = "whyNotSelected" in rule ? (rule as CompiledRule) : compiledRule(rule as JsonObject); // told apart by a method
  return compiled.desired(trigger, new ListSnapshot(objects));
}

/** The data of the only object that is desired; else what came instead. */
export function dataOf(desired: Desired): Json {
  if (!desired.ok) return `${desired.reason}: ${desired.message}`;
  if (desired.idle !== undefined) return `idle: ${desired.idle}`;
  const [target, ...more] = desired.targets;
  if (target === undefined || more.length > 0) return desired.unmet.map(({ reason }) => reason);
  const { data } = target.object;
  return isJsonObject(data) ? data : null;
}
