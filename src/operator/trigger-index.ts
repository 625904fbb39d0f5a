/** Which rules a change of an object may concern: by its resource, and by the namespace and labels that rules write out. */

import { type KubernetesObject, type ObjectRef, type Resource, resourceKey } from "../object/index.ts";
import type { CompiledRule, NamedLabel } from "../rule/index.ts";
import type { PolicyState } from "../state/index.ts";
import { rulesByResource } from "./wanted-watches.ts";

export type TriggeredRule = { policy: ObjectRef; rule: CompiledRule };

export class TriggerIndex {
  readonly #byResource = new Map<string, Entry>();

  constructor(policies: Iterable<PolicyState>) {
    for (const [key, rules] of rulesByResource(policies, ({ triggers }) => triggers))
      this.#byResource.set(key, indexed(rules));
  }

  /** Rules that are not among these select neither the object nor what it was before, and never have in between. */
  rulesFor(resource: Resource, object: KubernetesObject, before?: KubernetesObject): readonly TriggeredRule[] {
    const entry = this.#byResource.get(resourceKey(resource));
    if (entry === undefined) return NONE;
    const isNamespace = object.kind === "Namespace" && object.apiVersion === "v1";
    const namespace = isNamespace ? object.metadata.name : (object.metadata.namespace ?? "");
    const { always, labelled } = entry.within.get(namespace) ?? entry.anywhere;
    if (labelled.size === 0) return always;
    const found = [...always];
    addLabelled(found, labelled, object.metadata.labels);
    if (before !== undefined) addLabelled(found, labelled, before.metadata.labels);
    return found.length - always.length < 2 ? found : [...new Set(found)];
  }
}

const NONE: readonly TriggeredRule[] = [];

/** `within`: those of `anywhere` are among them. */
type Entry = { anywhere: Rules; within: ReadonlyMap<string, Rules> };

/** `labelled`: the others, by the labels of which their triggers carry one. */
type Rules = { always: readonly TriggeredRule[]; labelled: ReadonlyMap<string, Labelled> };

type Labelled = { anyValue: TriggeredRule[]; byValue: Map<string, TriggeredRule[]> };

function indexed(rules: readonly TriggeredRule[]): Entry {
  const anywhere = rules.filter(({ rule }) => rule.within === undefined);
  const named = new Set(rules.flatMap(({ rule }) => [...(rule.within ?? [])]));
  const within = new Map<string, TriggeredRule[]>([...named].map((name) => [name, [...anywhere]]));
  for (const entry of rules) for (const name of entry.rule.within ?? []) within.get(name)?.push(entry);
  return {
    anywhere: byLabel(anywhere),
    within: new Map([...within].map(([name, found]): [string, Rules] => [name, byLabel(found)])),
  };
}

function byLabel(rules: readonly TriggeredRule[]): Rules {
  const labelled = new Map<string, Labelled>();
  for (const entry of rules) {
    for (const label of entry.rule.labels ?? []) listFor(labelled, label).push(entry);
  }
  return { always: rules.filter(({ rule }) => rule.labels === undefined), labelled };
}

function listFor(labelled: Map<string, Labelled>, { key, value }: NamedLabel): TriggeredRule[] {
  const known = labelled.get(key) ?? { anyValue: [], byValue: new Map<string, TriggeredRule[]>() };
  labelled.set(key, known);
  if (value === undefined) return known.anyValue;
  const list = known.byValue.get(value) ?? [];
  known.byValue.set(value, list);
  return list;
}

function addLabelled(
  found: TriggeredRule[],
  labelled: ReadonlyMap<string, Labelled>,
  labels: { [key: string]: string } = {},
): void {
  for (const [key, value] of Object.entries(labels)) {
    const known = labelled.get(key);
    if (known === undefined) continue;
    found.push(...known.anyValue, ...(known.byValue.get(value) ?? NONE));
  }
}
