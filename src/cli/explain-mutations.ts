/** Why the mutate rules of a policy do or do not change an object, and what they change. */

import { asJson, groupOf, isEqual, type KubernetesObject } from "../object/index.ts";
import { snapshotOf } from "../plan/index.ts";
import type { CompiledMutation, CompiledPolicy } from "../rule/index.ts";
import { namespaceOf } from "../state/index.ts";
import type { Mask } from "./mask.ts";
import { mutateByPolicy, type RuleOutcome } from "./mutate-offline.ts";
import { mutationChanges } from "./mutation-report.ts";
import type { OfflineWorld } from "./offline-world.ts";
import { printExplanation } from "./print-explanation.ts";
import { printChange } from "./print-plan.ts";

type Shown = { hidden: ReadonlySet<string>; mask: Mask };

/** Changes the world: afterwards the object is as the rules make it. `shownOf`: by the rule's name as it is written. */
export function explainMutations(
  world: OfflineWorld,
  { policy, trigger }: { policy: CompiledPolicy; trigger: KubernetesObject },
  shownOf: (rule: string) => Shown,
): { applies: boolean; text: string }[] {
  const outcomes = mutateByPolicy(world, policy, trigger);
  const told = outcomes.filter(({ mutation }) => mutation.name === mutation.writtenAs || isAbout(mutation, trigger));
  const explained = told.map((outcome) => explainOutcome(world, outcome, shownOf(outcome.mutation.writtenAs)));
  const last = outcomes.at(-1)?.object ?? trigger;
  if (!isEqual(asJson(last), asJson(trigger))) world.put(last);
  return explained;
}

/** What is made for pod controllers is of no interest for anything else. */
function isAbout({ triggers }: CompiledMutation, { apiVersion, kind }: KubernetesObject): boolean {
  return triggers.some((trigger) => trigger.kind === kind && trigger.group === groupOf(apiVersion));
}

function explainOutcome(world: OfflineWorld, outcome: RuleOutcome, { hidden, mask }: Shown) {
  const { mutation, before, idle, failure } = outcome;
  const surroundings = { namespaceLabels: (name: string) => namespaceOf(world, name)?.metadata.labels };
  const explanation = mutation.explain(before, surroundings, snapshotOf(world));
  const why = failure === undefined ? idle : `${failure.reason}: ${failure.message}`;
  const head = `rule ${mutation.name} ${why === undefined ? "applies" : `does not apply: ${mask.text(why)}`}`;
  const changes = why === undefined ? ["  then", ...mutationChanges(outcome, mask).map(printChange)] : [];
  return {
    applies: why === undefined,
    text: [head, ...printExplanation(explanation, { labels: [], hidden, mask }), ...changes].join("\n"),
  };
}
