/**
 * A target that is ours and there: is it as it should be, and what brings it there?
 *
 * Three things judge it, the cheapest first: digests (nothing changed since it was judged), ownership and values (findDrift),
 * and a fresh object made by the server, where ownership cannot tell: places in doubt, a change it does not explain, what
 * is left after another desired state was applied, and once after each start.
 */

import {
  asJson,
  contentDigest,
  contentOf,
  type JsonObject,
  type KubernetesObject,
  keyOf,
  printJson,
  printPointer,
  valueAt,
} from "../object/index.ts";
import type { FreshAnswers, Judgement, TargetRecord, World } from "../state/index.ts";
import {
  type Drifted,
  isMoved,
  listPaths,
  notAccepted,
  planApply,
  planCorrection,
  planMove,
  planRemoval,
} from "./correction.ts";
import { type Drift, driftPaths, findDrift, isDefinite, isInSync } from "./drift.ts";
import { describeCorrection } from "./drift-record.ts";
import { compareFresh, type Difference, isExactly } from "./fresh.ts";
import { leaveOut, placesLeftOut } from "./ignored.ts";
import { askFresh } from "./question.ts";
import type { ApplyStep, AskStep, Failure, PatchStep, Step } from "./step.ts";
import { inSync, skip, type TargetPlan, type Wanted } from "./wanted.ts";

/** The target with what is known of it. */
type Own = {
  wanted: Wanted;
  record: TargetRecord;
  /** Digests of what is desired, with marks and without. */
  desired: string;
  content: string;
  checkDue: boolean;
};

/** The same while the live object is at hand. */
type Seen = Own & { live: KubernetesObject; compared: string };

export function planOwn(world: World, wanted: Wanted, record: TargetRecord): TargetPlan {
  const desired = contentDigest(printJson(asJson(wanted.object)));
  const content = contentDigest(printJson(asJson(wanted.target.object)));
  const own = { wanted, record, desired, content, checkDue: world.isCheckDue(keyOf(record.ref)) };
  const { judged, refusal, pending } = record;
  if (judged?.desired === desired && judged.digest === record.digest) return planJudged(own, judged);
  if (refusal?.desired === desired) return cannotBe(own, refusal);
  if (pending === undefined) return { step: applyChanged(own) };
  return planSeen(own, pending.live);
}

/** The same content again, such as after a repair: the judgement is given once more, so that the waiting event is settled. */
function planJudged(own: Own, judged: Judgement): TargetPlan {
  const { failure } = judged;
  if (failure !== undefined) return cannotBe(own, failure);
  const answers = answersOf(own);
  if (judged.checked || (answers === undefined && !own.checkDue)) return settled(own, judged);
  if (answers === undefined) return { step: ask(own, "ownership shows no difference, and cannot show all") };
  const [first] = answers.contents;
  const isFresh = first !== undefined && digestOfFresh(own, first) === judged.compared;
  if (isFresh || answers.refused) return settled(own, { ...judged, checked: true });
  const { live } = own.record.pending ?? {};
  return live === undefined ? { step: read(own) } : compare(seen(own, live), undefined, answers);
}

function planSeen(own: Own, live: KubernetesObject): TargetPlan {
  const { judged, tried } = own.record;
  if (judged !== undefined && isUnchanged(own, judged, live))
    return settled(own, { ...judged, digest: own.record.digest });
  const target = seen(own, live);
  const drift = findDrift(own.wanted.object, live);
  if (isMoved(tried) && !isDefinite(drift)) return applyMoved(target);
  if (isInSync(drift)) return planOwned(target);
  // additions that nothing took out may be defaults which somebody else has come to own
  const onlyExtras = drift.applied && drift.values.length + drift.stale.length === 0;
  if (isDefinite(drift) && !(onlyExtras && tried.has("patch"))) return correct(target, drift);
  return planDoubtful(target, drift);
}

/** What others owned is in our entry now, so that everything looks like ours: only an apply makes it so. */
function applyMoved(target: Seen): TargetPlan {
  const step = planApply(driftedOf(target));
  return step === undefined ? judge(target, true) : { step: { ...step, because: "what others owned is to be pruned" } };
}

/** The same content under the same desired state is in sync, whatever became of its ownership. */
function isUnchanged({ wanted, record, desired }: Own, judged: Judgement, live: KubernetesObject): boolean {
  if (!judged.inSync || judged.desired !== desired || judged.live !== record.live) return false;
  const { labels = {}, annotations = {} } = wanted.object.metadata;
  return has(live.metadata.labels, labels) && has(live.metadata.annotations, annotations);
}

function has(texts: { [key: string]: string } | undefined, wanted: { [key: string]: string }): boolean {
  return Object.entries(wanted).every(([key, text]) => valueAt(texts, [key]) === text);
}

/** In sync by values and ownership. */
function planOwned(target: Seen): TargetPlan {
  const { judged, created } = target.record;
  const same = isSame(target);
  if (created || (same && judged?.checked)) return judge(target, true);
  const answers = answersOf(target);
  if (answers !== undefined) return compare(target, undefined, answers);
  if (isExactly(target.wanted.object, target.live)) return judge(target, true);
  if (target.checkDue) return { step: ask(target, "ownership shows no difference, and cannot show all") };
  if (judged === undefined || same) return judge(target, false);
  return { step: ask(target, "it changed, and ownership does not show all of the change") };
}

/** Ownership says that it may be drift. */
function planDoubtful(target: Seen, drift: Drift): TargetPlan {
  if (isExactly(target.wanted.object, target.live)) return judge(target, true);
  if (isSame(target)) return judge(target, target.record.judged?.checked === true);
  const answers = answersOf(target);
  if (answers === undefined)
    return { step: ask(target, `${listPaths(driftPaths(drift)) || "it"} may be as it should be`) };
  return compare(target, drift, answers);
}

/** The content that counts was judged in sync already, for a desired state of the same content. */
function isSame({ record: { judged }, content, compared }: Seen): boolean {
  return judged?.inSync === true && judged.content === content && judged.compared === compared;
}

/** `drift`: what is in doubt, if anything is. */
function compare(target: Seen, drift: Drift | undefined, answers: FreshAnswers): TargetPlan {
  if (answers.contents.length === 0) return drift === undefined ? judge(target, true) : correct(target, drift);
  const difference = compareFresh(target.wanted.object, target.live, answers.contents);
  const isFresh = difference.removable.length === 0 && (drift === undefined || difference.desired.length === 0);
  if (isFresh) return judge(target, true);
  if (answers.contents.length === 1 && !answers.refused) {
    return {
      step: ask(target, "it differs from a fresh object; a second one shows what depends on the name or on chance"),
    };
  }
  return correctDifference(target, drift, difference);
}

/** When nothing helps it is settled: nobody owns what is left, unless it is something desired. */
function correctDifference(target: Seen, drift: Drift | undefined, difference: Difference): TargetPlan {
  const drifted = driftedOf(target);
  const paths = [...difference.removable.map(printPointer), ...difference.desired];
  const [kept] = difference.desired;
  const step =
    planRemoval(drifted, { strategy: "reset", paths: difference.removable }) ??
    (drift === undefined ? undefined : takeBack(drifted, kept !== undefined));
  if (step === undefined) return drift === undefined || kept === undefined ? judge(target, true) : failed(target, kept);
  // what an earlier desired state has left behind is nobody's drift
  const correction = isChanged(target) ? {} : { correction: describeCorrection(paths, drifted) };
  return { step: { ...step, ...correction, because: `${listPaths(paths)} is not what a fresh object has` } };
}

/** Values are applied and never moved: in our own entry another's way to write them would look like the server's. */
function takeBack(drifted: Drifted, values: boolean): ApplyStep | PatchStep | undefined {
  return (values ? undefined : planMove(drifted)) ?? planApply(drifted, true);
}

function isChanged({ record: { judged }, content }: Own): boolean {
  return judged !== undefined && judged.content !== content;
}

function correct(target: Seen, drift: Drift): TargetPlan {
  const step = planCorrection(driftedOf(target), drift);
  if (step !== undefined) return { step };
  return isDefinite(drift) ? failed(target, driftPaths(drift)[0] ?? "") : judge(target, true);
}

function driftedOf({ wanted, record, desired, live }: Seen): Drifted {
  const { object, target } = wanted;
  return { desired: object, digest: desired, live, resource: target.resource, tried: record.tried };
}

function seen(own: Own, live: KubernetesObject): Seen {
  const content = contentOf(live);
  const left = leaveOut(content, placesLeftOut(own.wanted.object));
  const compared = left === content ? own.record.live : contentDigest(printJson(left));
  return { ...own, live, compared };
}

function digestOfFresh({ wanted: { object } }: Own, content: JsonObject): string {
  return contentDigest(printJson(leaveOut(content, placesLeftOut(object))));
}

function answersOf({ record: { answers }, desired }: Own): FreshAnswers | undefined {
  return answers?.desired === desired ? answers : undefined;
}

function ask(own: Own, because: string): AskStep {
  const { wanted, desired } = own;
  const { ref: target, resource } = wanted.target;
  const answers = answersOf(own)?.contents.length ?? 0;
  return askFresh({ target, resource, object: wanted.object, desired, answers, because });
}

function read({ wanted: { target }, desired }: Own): Step {
  const { ref, resource } = target;
  return { verb: "read", target: ref, resource, desired, because: "its content is not that of a fresh object" };
}

function applyChanged({ wanted, record, desired }: Own): Step {
  const { object, target } = wanted;
  return {
    verb: "apply",
    target: target.ref,
    resource: target.resource,
    object,
    precondition: { uid: record.uid },
    attempt: { strategy: "apply", desired, once: false },
    because: "what is desired has changed",
  };
}

function judge(target: Seen, checked: boolean): TargetPlan {
  return settled(target, { ...digestsOf(target), compared: target.compared, inSync: true, checked });
}

/** Nothing more can be done as things stand. */
function failed(target: Seen, path: string): TargetPlan {
  return cannotBe(target, notAccepted(target.wanted.object, target.live, path));
}

function cannotBe(own: Own, { reason, message }: Pick<Failure, "reason" | "message">): TargetPlan {
  const { wanted } = own;
  const judgement = { ...digestsOf(own), compared: "", inSync: false, checked: true, failure: { reason, message } };
  return {
    step: skip(wanted, message, { reason, message, target: wanted.target.ref }),
    judged: { target: wanted.target.ref, ...judgement },
  };
}

function settled({ wanted }: Own, judgement: Judgement): TargetPlan {
  return { step: inSync(wanted), judged: { target: wanted.target.ref, ...judgement } };
}

function digestsOf({ desired, content, record }: Own): Pick<Judgement, "desired" | "content" | "digest" | "live"> {
  return { desired, content, digest: record.digest, live: record.live };
}
