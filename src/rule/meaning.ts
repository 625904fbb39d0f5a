/** What a rule says besides which objects it selects: its conditions, and what they lead to. */

import { type KubernetesObject, type ObjectRef, printRef, refOf } from "../object/index.ts";
import type { CompiledBlock } from "./block-scope.ts";
import type { Change } from "./change.ts";
import { CLAIM_STEPS, ClaimEnvironment } from "./claim-environment.ts";
import { type CompiledCreator, NOT_ASKED } from "./creator.ts";
import type { Explanation } from "./explanation.ts";
import { failed } from "./failed.ts";
import type { CompiledPreconditions } from "./preconditions.ts";
import type { Desired, Snapshot } from "./rule.ts";
import { type CompiledContext, Scope } from "./scope.ts";
import { AT_REST, changeBindings } from "./trigger-bindings.ts";

export type Meaning = {
  ref: ObjectRef;
  name: string;
  usesClock: boolean;
  generated: CompiledBlock;
  preconditions: CompiledPreconditions | undefined;
  context: CompiledContext;
  listensToUpdates: boolean;
  creator: CompiledCreator | undefined;
};

/** What is stored was created, and may have been updated: it holds when it would hold for one of the two. */
export function desiredAtRest(meaning: Meaning, trigger: KubernetesObject, snapshot: Snapshot): Desired {
  const found = meaning.creator?.find(trigger, snapshot) ?? NOT_ASKED;
  if (!found.ok) return found;
  if ("idle" in found) return { ok: true, targets: [], unmet: [], idle: found.idle };
  const { change } = found;
  const created = desiredBy(meaning, trigger, snapshot, change);
  const asksAgain = meaning.preconditions?.readsOperation === true && meaning.listensToUpdates;
  if (!asksAgain || !created.ok || created.idle === undefined) return created;
  const updated = desiredBy(meaning, trigger, snapshot, { ...change, operation: "UPDATE" });
  return updated.ok && updated.idle !== undefined ? created : updated;
}

/** What it asked may be asked again later, one question at a time: that is not part of what this costs. */
export function desiredBy(meaning: Meaning, trigger: KubernetesObject, snapshot: Snapshot, change: Change): Desired {
  const scope = scopeOf(meaning, trigger, snapshot, change);
  const desired = desiredIn(scope, meaning);
  scope.environment.budget.left = Number.POSITIVE_INFINITY;
  return withPossibleOwners(desired, trigger);
}

function desiredIn(scope: Scope, { generated, preconditions }: Meaning): Desired {
  const reason = preconditions?.whyNot(scope.inRealTime());
  if (reason === undefined) return generated.desired(scope);
  return typeof reason === "string" ? { ok: true, targets: [], unmet: [], idle: reason } : reason;
}

/** An owner in another namespace counts as gone, and the object would be collected as garbage again and again. */
function withPossibleOwners(desired: Desired, { metadata }: KubernetesObject): Desired {
  const { uid, namespace } = metadata;
  if (!desired.ok || namespace === undefined) return desired;
  const wrong = desired.targets.find(
    ({ object, ref }) =>
      ref.namespace !== namespace && object.metadata.ownerReferences?.some((owner) => owner.uid === uid) === true,
  );
  if (wrong === undefined) return desired;
  return failed("InvalidTarget", `${printRef(wrong.ref)} cannot be owned by its trigger, ${OTHER_NAMESPACE}`);
}

const OTHER_NAMESPACE =
  "which lies in another namespace: remove data.metadata.ownerReferences; the object goes with its trigger anyway";

/** Of a stored trigger, in the time that goes on. */
export function explainAtRest(meaning: Meaning, trigger: KubernetesObject, snapshot: Snapshot): Conditions {
  const found = meaning.creator?.find(trigger, snapshot) ?? NOT_ASKED;
  const change = "change" in found ? found.change : AT_REST;
  return explainConditions(meaning, scopeOf(meaning, trigger, snapshot, change).inRealTime());
}

type Conditions = Pick<Explanation, "preconditions" | "context">;

export function explainConditions(
  { preconditions, context }: Pick<Meaning, "preconditions" | "context">,
  scope: Scope,
): Conditions {
  return {
    preconditions: preconditions?.check(scope) ?? [],
    context: context.entries.flatMap(({ name, uses }) => {
      const value = scope.contextValue(name);
      return value === undefined ? [] : [{ name, reads: uses, value }];
    }),
  };
}

function scopeOf(
  { ref: policy, name: rule, usesClock, context }: Meaning,
  trigger: KubernetesObject,
  snapshot: Snapshot,
  change: Change,
): Scope {
  const claim = { policy, rule, trigger: refOf(trigger), triggerUid: trigger.metadata.uid ?? "" };
  const environment = new ClaimEnvironment({ snapshot, claim, usesClock, budget: { left: CLAIM_STEPS } });
  return new Scope(changeBindings(trigger, change), { snapshot, environment }, context);
}
