/** Which rules a change of an object may concern: by its resource, and by its namespace where rules write theirs out. */

import { type KubernetesObject, type ObjectRef, type Resource, resourceKey } from "../object/index.ts";
import type { CompiledRule } from "../rule/index.ts";
import type { PolicyState } from "../state/index.ts";
import { rulesByResource } from "./wanted-watches.ts";

export type TriggeredRule = { policy: ObjectRef; rule: CompiledRule };

export class TriggerIndex {
  readonly #byResource = new Map<string, Entry>();

  constructor(policies: Iterable<PolicyState>) {
    for (const [key, rules] of rulesByResource(policies, ({ triggers }) => triggers))
      this.#byResource.set(key, indexed(rules));
  }

  /** Rules that are not among these do not select the object, and never have. */
  rulesFor(resource: Resource, object: KubernetesObject): readonly TriggeredRule[] {
    const entry = this.#byResource.get(resourceKey(resource));
    if (entry === undefined) return NONE;
    const isNamespace = object.kind === "Namespace" && object.apiVersion === "v1";
    const namespace = isNamespace ? object.metadata.name : (object.metadata.namespace ?? "");
    return entry.within.get(namespace) ?? entry.anywhere;
  }
}

const NONE: readonly TriggeredRule[] = [];

/** `within`: those of `anywhere` are among them. */
type Entry = { anywhere: readonly TriggeredRule[]; within: ReadonlyMap<string, readonly TriggeredRule[]> };

function indexed(rules: readonly TriggeredRule[]): Entry {
  const anywhere = rules.filter(({ rule }) => rule.within === undefined);
  const named = new Set(rules.flatMap(({ rule }) => [...(rule.within ?? [])]));
  const within = new Map<string, TriggeredRule[]>([...named].map((name) => [name, [...anywhere]]));
  for (const entry of rules) for (const name of entry.rule.within ?? []) within.get(name)?.push(entry);
  return { anywhere, within };
}
