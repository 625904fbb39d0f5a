/** The plan of one claim: from what was seen to the writes that make it so, as a value. Pure, and cheap to make again. */

import {
  type ClaimIdentity,
  type KubernetesObject,
  keyOf,
  marksFor,
  type ObjectKey,
  type ObjectRef,
} from "../object/index.ts";
import type { DesiredTarget } from "../rule/index.ts";
import { type ClaimKey, claimRef, type Dependency, dependsOnNamespace, type World } from "../state/index.ts";
import { type Fate, fateOf } from "./fate.ts";
import { heirsOf, planPrune } from "./prune.ts";
import type { Failure, Step } from "./step.ts";
import { type Judged, planTarget } from "./target.ts";

export type Plan = {
  key: ClaimKey;
  fate: Fate["type"];
  because: string;
  steps: readonly Step[];
  /** The targets it desires. */
  wants: readonly ObjectKey[];
  /** What else it looked at; it is planned again when one of them changes. */
  reads: readonly Dependency[];
  /** A failure of the claim as a whole; those of single targets are in their steps. */
  failure?: Failure;
  /** Judgements to remember, so that the same content is not compared again. */
  judged: readonly Judged[];
  /** Claims that may take over what this one gives up. */
  heirs: readonly ClaimKey[];
  /** Marked targets that stay for good, because nothing is known any more that says what should become of them. */
  kept: readonly ObjectRef[];
  /** Plan again after so many milliseconds, because no event will tell. */
  again?: number;
};

export function planClaim(world: World, key: ClaimKey): Plan {
  const fate = fateOf(world, claimRef(key));
  switch (fate.type) {
    case "desired":
      return planDesired(world, key, fate);
    case "gone":
      return { ...planGone(world, key, fate), fate: "gone" };
    case "held":
      return planHeld(world, key, fate);
  }
}

function planHeld(world: World, key: ClaimKey, { because, again, kept }: Extract<Fate, { type: "held" }>): Plan {
  const targets = kept ? [...world.inventory.ofClaim(key, undefined)].map(({ ref }) => ref) : [];
  return { ...nothing(key, "held", because), kept: targets, ...(again === undefined ? {} : { again }) };
}

function nothing(key: ClaimKey, fate: Fate["type"], because: string): Plan {
  return { key, fate, because, steps: [], wants: [], reads: [], judged: [], heirs: [], kept: [] };
}

function planGone(world: World, key: ClaimKey, fate: Extract<Fate, { type: "gone" }>): Plan {
  const records = [...world.inventory.ofClaim(key, fate.digest)];
  return {
    ...nothing(key, "gone", fate.because),
    steps: records.map((record) => planPrune(world, record, { key, because: fate.because, disposal: fate.disposal })),
    heirs: records.flatMap((record) => heirsOf(world, record, key)),
  };
}

function planDesired(world: World, key: ClaimKey, fate: Extract<Fate, { type: "desired" }>): Plan {
  const { rule, trigger, identity, digest } = fate;
  const desired = rule.desired(trigger, world.environment);
  if (!desired.ok)
    return {
      ...nothing(key, "desired", desired.message),
      failure: { reason: desired.reason, message: desired.message },
    };
  const { targets } = desired;
  const plans = targets.map((target) =>
    planTarget(world, {
      key,
      digest,
      target,
      object: withMarks(world.installation, identity, target),
      synchronize: rule.synchronize,
    }),
  );
  const wants = targets.map(({ ref }) => keyOf(ref));
  const unwanted = [...world.inventory.ofClaim(key, digest)].filter(({ ref }) => !wants.includes(keyOf(ref)));
  const disposal = rule.synchronize ? "delete" : "leave";
  const because = `rule ${identity.rule} no longer generates it`;
  return {
    ...nothing(key, "desired", "its rule applies"),
    steps: [
      ...plans.map(({ step }) => step),
      ...unwanted.map((record) => planPrune(world, record, { key, because, disposal })),
    ],
    wants,
    reads: readsOf(targets, trigger, rule.readsNamespace),
    judged: plans.map(({ judged }) => judged).filter((judged) => judged !== undefined),
    heirs: unwanted.flatMap((record) => heirsOf(world, record, key)),
  };
}

function readsOf(targets: readonly DesiredTarget[], trigger: KubernetesObject, readsNamespace: boolean): Dependency[] {
  const namespaces = targets.map(({ ref }) => ref.namespace).filter((name) => name !== "");
  if (readsNamespace && trigger.metadata.namespace !== undefined) namespaces.push(trigger.metadata.namespace);
  return [...new Set(namespaces)].map(dependsOnNamespace);
}

/** The marks win over what the rule's data says in their place. */
function withMarks(installation: string, identity: ClaimIdentity, { object, ref }: DesiredTarget): KubernetesObject {
  const marks = marksFor(installation, identity, ref);
  const { metadata } = object;
  return {
    ...object,
    metadata: {
      ...metadata,
      labels: { ...metadata.labels, ...marks.labels },
      annotations: { ...metadata.annotations, ...marks.annotations },
    },
  };
}
