/** One mutate rule, and those made from it for pod controllers, from what is written to what can be asked. */

import { type KubernetesObject, type ObjectRef, type Resource, resourceKey } from "../object/index.ts";
import type { Issue, Rule } from "../policy/index.ts";
import { Build } from "./build.ts";
import { compileContext } from "./context.ts";
import { compileSelection, type Selection } from "./match.ts";
import { explainConditions } from "./meaning.ts";
import { compileMutate, mutateObject, mutateScope, whyNotConvergent } from "./mutate.ts";
import { compilePreconditions } from "./preconditions.ts";
import type { CompiledMutation, ServedKinds } from "./rule.ts";
import { TRIGGER_ROOTS } from "./trigger-bindings.ts";

export type MutationScope = {
  path: string;
  ref: ObjectRef;
  served: ServedKinds;
  unknownKinds: Set<string>;
  writtenAs: string;
  /** The resources that a selection is about. */
  triggersOf(selection: Selection): Resource[];
};

export function compileMutation(
  rule: Rule,
  { path, ref, served, unknownKinds, writtenAs, triggersOf }: MutationScope,
): { ok: true; rule: CompiledMutation } | { ok: false; issues: readonly Issue[] } {
  const confinedTo = ref.namespace === "" ? undefined : ref.namespace;
  const build = new Build({ served, confinedTo, unknownKinds });
  const ruleRoots = new Set<string>(TRIGGER_ROOTS);
  const context = compileContext(rule.context, { path: `${path}.context`, roots: ruleRoots, build });
  const roots = new Set([...ruleRoots, ...context.names]);
  const preconditions = compilePreconditions(rule.preconditions, `${path}.preconditions`, { roots, build });
  const patches = compileMutate(rule.mutate ?? {}, { path: `${path}.mutate`, roots, build, depth: 0 });
  if (patches === undefined || build.issues.length > 0) return { ok: false, issues: build.issues };
  const selection = compileSelection(rule.match, rule.exclude);
  const meaning = { policy: ref, rule: rule.name, patches, preconditions, context, served };
  const triggers = triggersOf(selection);
  return {
    ok: true,
    rule: {
      name: rule.name,
      writtenAs,
      type: "Mutate",
      triggers: [...new Map(triggers.map((trigger) => [resourceKey(trigger), trigger])).values()],
      reads: build.reads,
      readsNamespace: selection.readsNamespace,
      whyNotSelected: (object, surroundings) =>
        whyElsewhere(object, confinedTo) ?? selection.whyNotSelected(object, surroundings),
      explain: (object, surroundings, snapshot) => ({
        ...selection.check(object, surroundings),
        ...explainConditions(meaning, mutateScope(meaning, object, snapshot)),
      }),
      mutate: (object, snapshot) => mutateObject(meaning, object, snapshot),
      whyNotConvergent: (result, snapshot) => whyNotConvergent(meaning, result, snapshot),
    },
  };
}

function whyElsewhere({ metadata }: KubernetesObject, confinedTo: string | undefined): string | undefined {
  if (confinedTo === undefined || metadata.namespace === confinedTo) return undefined;
  return `it is not in ${confinedTo}, the namespace of the policy`;
}
