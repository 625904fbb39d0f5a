/**
 * A target that is ours and there: is it as it should be, and what brings it there?
 *
 * Three things judge it, the cheapest first: digests (nothing changed since it was judged), ownership and values (findDrift),
 * and a fresh object made by the server, where ownership cannot tell: places in doubt, a change it does not explain, what
 * is left after another desired state was applied, and once after each start.
 */

import type { KubernetesObject } from "../object/index.ts";
import type { Judgement, TargetRecord, World } from "../state/index.ts";
import { awaitsApply, listPaths, planApply } from "./correction.ts";
import { type Drift, driftPaths, findDrift, isDefinite, isInSync } from "./drift.ts";
import { isExactly } from "./fresh.ts";
import { compareOwn, correct } from "./own-difference.ts";
import {
  answersOf,
  applyChanged,
  ask,
  cannotBe,
  digestOfFresh,
  digestOfMetadata,
  driftedOf,
  judge,
  judgedAgain,
  type Own,
  ownTarget,
  read,
  type Seen,
  seen,
  settled,
} from "./own-target.ts";
import type { TargetPlan, Wanted } from "./wanted.ts";

export function planOwn(world: World, wanted: Wanted, record: TargetRecord): TargetPlan {
  const own = ownTarget(world, wanted, record);
  const { desired } = own;
  const { judged, refusal, pending } = record;
  const isJudged = judged?.desired === desired && judged.digest === record.digest;
  if (isJudged && !awaitsApply(record.tried)) return planJudged(own, judged);
  if (refusal?.desired === desired) return cannotBe(own, refusal);
  if (pending === undefined) return { step: applyChanged(own) };
  return planSeen(own, pending.live);
}

/** The same content again, such as after a repair: the judgement is given once more, so that the waiting event is settled. */
function planJudged(own: Own, judged: Judgement): TargetPlan {
  const answers = answersOf(own);
  if (judged.checked || (answers === undefined && !own.checkDue)) return judgedAgain(own, judged);
  if (answers === undefined) return { step: ask(own, "ownership shows no difference, and cannot show all") };
  const [first] = answers.contents;
  const isFresh = first !== undefined && digestOfFresh(own, first) === judged.compared;
  if (isFresh || answers.refused) return settled(own, { ...judged, checked: true });
  const { live } = own.record.pending ?? {};
  return live === undefined ? { step: read(own) } : compareOwn(seen(own, live), undefined, answers);
}

function planSeen(own: Own, live: KubernetesObject): TargetPlan {
  const { judged, tried } = own.record;
  if (judged !== undefined && !awaitsApply(tried) && isUnchanged(own, judged, live)) return judgedAgain(own, judged);
  const target = seen(own, live);
  const drift = findDrift(own.wanted.object, live);
  if (awaitsApply(tried) && !isDefinite(drift)) return applyAfter(target);
  if (isInSync(drift)) return planOwned(target);
  // additions that nothing took out may be defaults which somebody else has come to own
  const onlyExtras = drift.applied && drift.values.length + drift.stale.length === 0;
  if (isDefinite(drift) && !(onlyExtras && tried.has("patch"))) return correct(target, drift);
  return planDoubtful(target, drift);
}

/** What others owned is in our entry now and looks like ours, or what we set is not in it: only an apply makes it so. */
function applyAfter(target: Seen): TargetPlan {
  const step = planApply(driftedOf(target));
  return step === undefined
    ? judge(target, true)
    : { step: { ...step, because: "what was made ours is to be applied" } };
}

/** The same content under the same desired state is what it was, whatever became of its ownership. */
function isUnchanged({ wanted, record, desired }: Own, judged: Judgement, live: KubernetesObject): boolean {
  const same = judged.desired === desired && judged.live === record.live;
  return same && judged.metadata === digestOfMetadata(wanted.object, live);
}

/** In sync by values and ownership. */
function planOwned(target: Seen): TargetPlan {
  const { judged, created } = target.record;
  const same = isSame(target);
  if (created || (same && judged?.checked)) return judge(target, true);
  const answers = answersOf(target);
  if (answers !== undefined) return compareOwn(target, undefined, answers);
  if (target.checkDue) return { step: ask(target, "ownership shows no difference, and cannot show all") };
  if (judged === undefined || same) return judge(target, false);
  if (isExactly(target.wanted.object, target.live)) return judge(target, judged.checked);
  return { step: ask(target, "it changed, and ownership does not show all of the change") };
}

/** Ownership says that it may be drift. */
function planDoubtful(target: Seen, drift: Drift): TargetPlan {
  const known = isSame(target) || isExactly(target.wanted.object, target.live);
  if (known) return judge(target, target.record.judged?.checked === true);
  const answers = answersOf(target);
  if (answers === undefined)
    return { step: ask(target, `${listPaths(driftPaths(drift)) || "it"} may be as it should be`) };
  return compareOwn(target, drift, answers);
}

/** The content that counts was judged in sync already, for a desired state of the same content. */
function isSame({ record: { judged }, content, compared }: Seen): boolean {
  return judged?.inSync === true && judged.content === content && judged.compared === compared;
}
