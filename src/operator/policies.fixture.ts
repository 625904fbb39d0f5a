/** Policies as they are once compiled, made by hand: their rules select everything, and desire nothing. */

import type { ObjectRef, Resource } from "../object/index.ts";
import type { CompiledRule } from "../rule/index.ts";
import type { PolicyState } from "../state/index.ts";

/** A built-in kind of the core group. */
export function resourceOf(kind: string, plural: string, namespaced: boolean): Resource {
  return { group: "", version: "v1", kind, plural, namespaced, verbs: ["list", "watch"] };
}

export function ruleOf(looks: Partial<CompiledRule>): CompiledRule {
  return {
    ...{ name: "r", type: "Generate", triggers: [], targets: [], reads: [], namespaces: [], within: undefined },
    ...{
      readsNamespace: false,
      readsContent: true,
      triggeredByGenerated: false,
      synchronize: true,
      onDelete: "delete",
    },
    ...{ usesClock: false, decidesByClock: false, newSince: undefined, changes: undefined },
    whyNotSelected: () => undefined,
    explain: () => ({ match: [], exclude: [], preconditions: [], context: [] }),
    desired: () => ({ ok: true, targets: [], unmet: [] }),
    ...looks,
  };
}

const NO_ADMISSION = { failurePolicy: "Fail", timeoutSeconds: 10, matchConditions: [], warns: false } as const;

export function policyOf(name: string, ...rules: CompiledRule[]): PolicyState {
  const ref: ObjectRef = { group: "perennial.dev", kind: "ClusterPolicy", namespace: "", name };
  const object = { apiVersion: "perennial.dev/v1", kind: "ClusterPolicy", metadata: { name } };
  const settings = { createdAt: "", adoption: "IfUnmanaged", pruneLimit: 100, appliesOne: false } as const;
  return {
    ref,
    object,
    phase: "compiled",
    compiled: { ref, rules, mutations: [], admission: NO_ADMISSION, unknownKinds: [], ...settings },
  };
}
