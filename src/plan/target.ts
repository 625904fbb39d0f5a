/** One desired target: the step that brings it about, or why there is none. */

import {
  ADOPTED,
  asJson,
  contentDigest,
  isBeingDeleted,
  isKyvernosOwn,
  type KubernetesObject,
  KYVERNO,
  keyOf,
  parseClaimIdentity,
  printJson,
  printRef,
} from "../object/index.ts";
import type { Adoption, DesiredTarget } from "../rule/index.ts";
import {
  type ClaimKey,
  claimKey,
  claimRef,
  namespaceOf,
  printClaim,
  type TargetRecord,
  type World,
} from "../state/index.ts";
import { whyNotAdopted } from "./adoption.ts";
import { type Chain, whyEndless } from "./chain.ts";
import { notAccepted, planCorrection } from "./correction.ts";
import { driftPaths, findDrift } from "./drift.ts";
import { planOwn } from "./own.ts";
import { firstHeir, firstMaker } from "./precedence.ts";
import { holderOf, holdOf, isKeptAs, unmarkedDigest } from "./sharing.ts";
import type { Failure, SkipStep, Step } from "./step.ts";
import { skip, type TargetPlan, type Wanted } from "./wanted.ts";

/** `chain`: how the trigger came about. */
export function planTarget(world: World, wanted: Wanted, chain: Chain): TargetPlan {
  const endless = whyEndless(world, chain, wanted.target);
  if (endless !== undefined) return { step: skip(wanted, endless.message, endless) };
  const blocked = whyBlocked(world, wanted.target);
  if (blocked !== undefined) return { step: skip(wanted, blocked.because, blocked.failure) };
  const record = world.inventory.get(keyOf(wanted.target.ref));
  if (record === undefined) return firstStep(world, wanted);
  if (record.deleting) return { step: skip(wanted, "it is being deleted; it is planned when it is gone") };
  if (record.marks === undefined) return planUnmarked(world, wanted, record);
  if (record.marks.claim !== wanted.digest) return takeOverMarked(world, wanted, record);
  if (!wanted.synchronize) return leftAlone(record, unmarkedDigest(wanted.target.object));
  return planOwn(world, adoptedLike(wanted, record.marks.adopted), record);
}

type Blocked = { because: string; failure?: Failure };

function whyBlocked(world: World, { ref }: DesiredTarget): Blocked | undefined {
  const namespace = ref.kind === "Namespace" && ref.group === "" ? ref.name : ref.namespace;
  if (namespace === "") return undefined;
  if (world.isSystemNamespace(namespace)) {
    const because = `${namespace} is a system namespace, which is served only when --system-namespaces names it`;
    return { because, failure: { reason: "SystemNamespace", message: because, target: ref } };
  }
  if (ref.namespace === "") return undefined;
  const live = namespaceOf(world, namespace);
  if (live === undefined) {
    const because = `namespace ${namespace} does not exist; create it, or correct the namespace in the rule`;
    return { because, failure: { reason: "NamespaceMissing", message: because, target: ref } };
  }
  return isBeingDeleted(live) ? { because: `namespace ${namespace} is being deleted` } : undefined;
}

function firstStep(world: World, wanted: Wanted): TargetPlan {
  const { key, target, synchronize } = wanted;
  if (!synchronize && !world.isMoment(key, target))
    return { step: { ...skip(wanted, "it is made once, and made again only when its trigger changes"), inSync: true } };
  const first = firstMaker(world, wanted);
  return first === key ? { step: firstApply(wanted) } : waitFor(world, wanted, first);
}

/** Told when the other one has written, or could not; the time is for what comes in between, such as an edit of its policy. */
function waitFor(world: World, wanted: Wanted, first: ClaimKey): TargetPlan {
  const { ref } = wanted.target;
  const failures = world.claims.get(first)?.failures ?? [];
  const failure = failures.find(({ target }) => target !== undefined && keyOf(target) === keyOf(ref));
  if (failure === undefined) return { step: skip(wanted, `${printClaim(first)} comes first`), again: PATIENCE };
  // whose object it is keeps this one from it as well, and is told alike whichever of them was planned last
  if (failure.reason === "Conflict") return { step: skip(wanted, failure.message, { ...failure, target: ref }) };
  const message = `${printRef(ref)} is left to ${printClaim(first)}, which comes first and fails; see the status of that policy, or give the targets different names`;
  return { step: skip(wanted, message, { reason: "Conflict", message, target: ref }) };
}

const PATIENCE = 1_000;

/** The server creates, or answers 409 when the object is there: no read is needed to know. */
function firstApply({ target, object }: Wanted): Step {
  return {
    verb: "apply",
    target: target.ref,
    resource: target.resource,
    object,
    precondition: { absent: true },
    because: "it does not exist",
  };
}

/** An object that was there before, or one of ours whose marks somebody took off: its annotations still tell. */
function planUnmarked(world: World, wanted: Wanted, record: TargetRecord): TargetPlan {
  const live = record.pending?.live;
  if (live === undefined) return { step: skip(wanted, "it was not read yet") };
  if (!wanted.synchronize) return { step: { ...skip(wanted, "it exists, and is left alone"), inSync: true } };
  const identity = parseClaimIdentity(live);
  // missing marks are a drift like any other
  if (identity !== undefined && claimKey(identity) === wanted.key)
    return planOwn(world, adoptedLike(wanted, live.metadata.annotations?.[ADOPTED] === "true"), record);
  const isOwn = claimRef(wanted.key).policy.group === KYVERNO && isKyvernosOwn(wanted.object, live);
  return { step: adopt(world, wanted, record, { live, isOwn }) };
}

/** What else it holds goes with the same writes: no more of it is somebody else's afterwards. */
function adopt(
  world: World,
  wanted: Wanted,
  { tried, refusal }: TargetRecord,
  { live, isOwn }: { live: KubernetesObject; isOwn: boolean },
): Step {
  const { ref, resource } = wanted.target;
  const why = isOwn ? undefined : whyNotAdopted(live, adoptionOf(world, wanted.key));
  if (why !== undefined) {
    const message = `${printRef(ref)} ${why}`;
    return skip(wanted, message, { reason: "Conflict", message, target: ref });
  }
  const desired = adoptedLike(wanted, !isOwn).object;
  const drift = findDrift(desired, live);
  const digest = contentDigest(printJson(asJson(desired)));
  if (refusal?.desired === digest) {
    const { reason, message } = refusal;
    return skip(wanted, message, { reason, message, target: ref });
  }
  const step = planCorrection({ desired, digest, live, resource, tried }, drift);
  if (step === undefined) return notAdopted(wanted, live, driftPaths(drift)[0] ?? "");
  const { correction: _correction, ...write } = step; // it was no target yet, so it has not drifted
  return { ...write, because: isOwn ? "Kyverno made it for the same rule and trigger" : "it exists and is adopted" };
}

function adoptionOf(world: World, key: ClaimKey): Adoption {
  const state = world.policies.get(keyOf(claimRef(key).policy));
  return state?.phase === "compiled" ? state.compiled.adoption : "Never";
}

function notAdopted(wanted: Wanted, live: KubernetesObject, path: string): Step {
  const failure = notAccepted(wanted.object, live, path);
  return skip(wanted, failure.message, failure);
}

/** Marked for another claim: it stays with that one as long as that one wants it. */
function takeOverMarked(world: World, wanted: Wanted, record: TargetRecord): TargetPlan {
  const { ref } = wanted.target;
  if (!wanted.synchronize) return { step: { ...skip(wanted, "it exists, and is left alone"), inSync: true } };
  const holder = holderOf(world, record);
  const marked = adoptedLike(wanted, record.marks?.adopted ?? false);
  if (holder === wanted.key) return { step: apply(marked, record.uid, "its trigger was deleted and created again") };
  const hold = holder === undefined ? undefined : holdOf(world, record, { holder, wishes: wanted.wishes });
  if (holder !== undefined && hold?.type === "wanted")
    return { step: shareOrConflict(wanted, isKeptAs(wanted.target, hold, record), printClaim(holder)) };
  if (!world.isPlanned(ref)) return { step: skip(wanted, "whose it is shows when every claim was planned once") };
  if (holder !== undefined && hold?.type === "unknown") {
    const same = isKeptAs(wanted.target, hold, record);
    return { step: shareOrConflict(wanted, same, `${printClaim(holder)} (${hold.because})`) };
  }
  const first = firstHeir(world, wanted);
  if (first !== wanted.key) return waitFor(world, wanted, first);
  const because =
    holder === undefined ? "nobody wants it whom its marks name" : `${printClaim(holder)} no longer wants it`;
  return { step: apply(marked, record.uid, because) };
}

function shareOrConflict(wanted: Wanted, isSame: boolean, holder: string): Step {
  const { target } = wanted;
  if (isSame) return { ...skip(wanted, `shared with ${holder}`), inSync: true };
  const message = `${printRef(target.ref)} is already generated by ${holder}; remove one of the two rules, or give the targets different names`;
  return skip(wanted, message, { reason: "Conflict", message, target: target.ref });
}

/** Judged without a look, so that the object need not be kept. */
export function leftAlone({ ref, digest, live }: TargetRecord, content = ""): TargetPlan {
  const step: SkipStep = { verb: "skip", target: ref, because: "it was made once and is left alone", inSync: true };
  const digests = { desired: "", content, digest, live, compared: "", metadata: "" };
  return { step, judged: { target: ref, ...digests, inSync: true, checked: true } };
}

function apply({ target, object }: Wanted, uid: string, because: string): Step {
  return { verb: "apply", target: target.ref, resource: target.resource, object, precondition: { uid }, because };
}

/** What was there before the policy is released one day, not deleted; the mark must survive each apply. */
function adoptedLike(wanted: Wanted, adopted: boolean): Wanted {
  if (!adopted) return wanted;
  const { metadata } = wanted.object;
  const annotations = { ...metadata.annotations, [ADOPTED]: "true" };
  return { ...wanted, object: { ...wanted.object, metadata: { ...metadata, annotations } } };
}
