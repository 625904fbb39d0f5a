/** A target of ours beside what the server said that fresh objects would be: as they are, or what makes it so. */

import { printPointer } from "../object/index.ts";
import type { FreshAnswers } from "../state/index.ts";
import {
  APPLY_REFUSED,
  type Drifted,
  listPaths,
  planApply,
  planCorrection,
  planMove,
  planRemoval,
  planRewrite,
} from "./correction.ts";
import { type Drift, driftPaths, isDefinite } from "./drift.ts";
import { describeCorrection } from "./drift-record.ts";
import { compareFresh, type Difference } from "./fresh.ts";
import { answersOf, ask, driftedOf, failed, judge, type Own, type Seen } from "./own-target.ts";
import type { ApplyStep, PatchStep } from "./step.ts";
import type { TargetPlan } from "./wanted.ts";

/** `drift`: what is in doubt, if anything is. */
export function compareOwn(target: Seen, drift: Drift | undefined, answers: FreshAnswers): TargetPlan {
  if (answers.contents.length === 0) return drift === undefined ? judge(target, true) : correct(target, drift);
  const difference = compareFresh(target.wanted.object, target.live, answers.contents);
  const isFresh = difference.removable.length === 0 && (drift === undefined || difference.desired.length === 0);
  if (isFresh) return judge(target, true);
  if (answers.contents.length === 1 && !answers.refused && !isExplained(difference, drift)) {
    const because = "it differs from a fresh object; a second one shows what depends on the name or on chance";
    return { step: ask(target, because) };
  }
  return correctDifference(target, drift, difference);
}

/** All of it lies where somebody has taken something from us. */
function isExplained(difference: Difference, drift: Drift | undefined): boolean {
  const taken = drift?.doubtful ?? [];
  return pathsOf(difference).every((path) =>
    taken.some((pointer) => path === pointer || path.startsWith(`${pointer}/`)),
  );
}

/** When nothing helps it is settled: nobody owns what is left, unless it is something desired. */
function correctDifference(target: Seen, drift: Drift | undefined, difference: Difference): TargetPlan {
  const step = nextAttempt(driftedOf(target), drift, difference);
  const [kept] = difference.desired.map(({ path }) => printPointer(path));
  if (step === undefined) return drift === undefined || kept === undefined ? judge(target, true) : failed(target, kept);
  const paths = pathsOf(difference);
  // what an earlier desired state has left behind is nobody's drift
  const correction = isChanged(target) ? {} : { correction: describeCorrection(paths, driftedOf(target)) };
  return { step: { ...step, ...correction, because: `${listPaths(paths)} is not what a fresh object has` } };
}

function pathsOf({ removable, desired }: Difference): string[] {
  return [...removable, ...desired.map(({ path }) => path)].map(printPointer);
}

/**
 * What was taken from us is applied, and so are values: moved into our entry, another's way to write them would look like
 * the server's. What nobody in particular owns is taken out.
 */
function nextAttempt(
  drifted: Drifted,
  drift: Drift | undefined,
  { removable, desired }: Difference,
): ApplyStep | PatchStep | undefined {
  const reset = planRemoval(drifted, { strategy: "reset", paths: removable });
  if (drift === undefined) return reset;
  const apply = planApply(drifted, true);
  if (drift.doubtful.length > 0) return apply ?? reset;
  return reset ?? (desired.length > 0 ? apply : (planMove(drifted) ?? apply));
}

function isChanged({ record: { judged }, content }: Own): boolean {
  return judged !== undefined && judged.content !== content;
}

/** The next write against a drift. Where all was tried, what was certain is told, and what was in doubt is settled. */
export function correct(target: Seen, drift: Drift): TargetPlan {
  const step = planCorrection(driftedOf(target), drift);
  if (step !== undefined) return { step };
  if (!isDefinite(drift)) return judge(target, true);
  const [path = ""] = driftPaths(drift);
  return (target.record.tried.has(APPLY_REFUSED) ? unblock(target, drift) : undefined) ?? failed(target, path);
}

/**
 * What stands in the way of the apply may be owned by nobody, such as a port that has the name of ours: what a fresh object
 * lacks is taken out, and what it has otherwise is set, before another apply.
 */
function unblock(target: Seen, drift: Drift): TargetPlan | undefined {
  const answers = answersOf(target);
  if (answers === undefined)
    return { step: ask(target, `${listPaths(driftPaths(drift))} differs, and cannot be applied`) };
  const [first] = answers.contents;
  if (first === undefined) return undefined;
  const difference = compareFresh(target.wanted.object, target.live, answers.contents);
  const drifted = driftedOf(target);
  const step =
    planRemoval(drifted, { strategy: "reset", paths: difference.removable }) ??
    planRewrite(drifted, difference.desired);
  if (step === undefined) return undefined;
  const correction = describeCorrection(driftPaths(drift), drifted);
  return {
    step: { ...step, correction, because: `${listPaths(pathsOf(difference))} is in the way of what is applied` },
  };
}
