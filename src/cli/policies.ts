/** The policies among the documents of files, compiled as the operator would. */

import { asJson, groupOf, type JsonObject, type KubernetesObject, KYVERNO, printRef, refOf } from "../object/index.ts";
import { GROUP, parsePolicy, printIssue } from "../policy/index.ts";
import { compilePolicy } from "../rule/index.ts";
import type { Catalogue, PolicyState } from "../state/index.ts";
import type { Document } from "./documents.ts";

export { KYVERNO };

export type Split = { policies: Document[]; resources: Document[] };

/** Policies are known by their kind, wherever they stand. */
export function splitDocuments(documents: readonly Document[]): Split {
  const { policies = [], resources = [] } = Object.groupBy(documents, ({ object }) =>
    isPolicy(object) ? "policies" : "resources",
  );
  return { policies, resources };
}

export function isPolicy({ apiVersion, kind }: KubernetesObject): boolean {
  const group = groupOf(apiVersion);
  return (kind === "ClusterPolicy" || kind === "Policy") && (group === GROUP || group === KYVERNO);
}

export type CompiledPolicies = { states: PolicyState[]; problems: string[] };

const UNKNOWN = "is not known here: add its CustomResourceDefinition to the files";

/** `problems`: each mistake with file, policy, path, value, and what would be right. `unknown`: what is said of a kind nobody serves. */
export function compilePolicies(
  policies: readonly Document[],
  catalogue: Catalogue,
  unknown: string = UNKNOWN,
): CompiledPolicies {
  const states: PolicyState[] = [];
  const problems: string[] = [];
  for (const { origin, object } of policies) {
    const name = `${origin}: ${object.kind} ${printRef(refOf(object)).replace(/^\S+ /, "")}`;
    const compiled = compile(asJson(object), catalogue, unknown);
    if ("problems" in compiled) problems.push(...compiled.problems.map((problem) => `${name}: ${problem}`));
    else states.push({ ref: compiled.policy.ref, object, phase: "compiled", compiled: compiled.policy });
  }
  return { states, problems };
}

type Compiled = { policy: Extract<PolicyState, { phase: "compiled" }>["compiled"] } | { problems: string[] };

function compile(object: JsonObject, catalogue: Catalogue, unknown: string): Compiled {
  const parsed = parsePolicy(object, { offline: true });
  if ("issues" in parsed) return { problems: parsed.issues.map(printIssue) };
  const compiled = compilePolicy(parsed.policy, catalogue);
  const { unknownKinds } = compiled.ok ? compiled.policy : compiled;
  const issues = compiled.ok ? [] : compiled.issues;
  if (compiled.ok && unknownKinds.length === 0) return { policy: compiled.policy };
  return { problems: [...issues.map(printIssue), ...unknownKinds.map((kind) => `${kind} ${unknown}`)] };
}
