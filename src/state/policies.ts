/** The policies as they are served, and what was stored about them in case they go. */

import type { GroupKind, KubernetesObject, ObjectKey, ObjectRef } from "../object/index.ts";
import type { ForeignPolicy, Issue } from "../policy/index.ts";
import type { CompiledPolicy, CompiledRule } from "../rule/index.ts";

export type PolicyState = {
  ref: ObjectRef;
  object: KubernetesObject;
  /** Of a policy of another group: its rules by kind, and what is said of those that are not served. */
  foreign?: Omit<ForeignPolicy, "parsed">;
} & ({ phase: "compiled"; compiled: CompiledPolicy } | { phase: "invalid"; issues: readonly Issue[] });

/**
 * What becomes of a policy's targets when it or a rule of it goes, as it is stored in the operator's namespace: the only
 * thing that is known of a policy that went while nobody was looking.
 */
export type Disposal = {
  policy: ObjectRef;
  /** The uid of the CustomResourceDefinition that the policy was stored under. */
  definition: string;
  rules: { [rule: string]: "keep" | "delete" };
  /** Of rules that take back what they set on existing objects: of which kinds those are. */
  mutated?: { [rule: string]: readonly GroupKind[] };
};

export interface Policies {
  /** False until the first list of each policy kind is whole. */
  readonly synced: boolean;
  get(key: ObjectKey): PolicyState | undefined;
  values(): Iterable<PolicyState>;
  disposalOf(key: ObjectKey): Disposal | undefined;
}

export function findRule(policy: PolicyState | undefined, name: string): CompiledRule | undefined {
  return policy?.phase === "compiled" ? policy.compiled.rules.find((rule) => rule.name === name) : undefined;
}
