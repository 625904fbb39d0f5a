/**
 * The next write that puts a drift right (reference: exact drift, rules 9 to 11).
 *
 * Forced apply restores values but keeps what others added; so additions are taken out by a JSON patch, or, where there is
 * more to do, their ownership is moved into our own entry first (a patch of managedFields alone) and the apply that
 * follows prunes them.
 */

import {
  asJson,
  type KubernetesObject,
  type Path,
  printPointer,
  type Resource,
  refOf,
  resolveField,
  valueAt,
} from "../object/index.ts";
import { type Drift, driftPaths } from "./drift.ts";
import { describeCorrection, shownValues } from "./drift-record.ts";
import { moveOwnership } from "./ownership.ts";
import { removePaths } from "./removal.ts";
import type { ApplyStep, Failure, PatchStep, Strategy } from "./step.ts";

export type Drifted = {
  desired: KubernetesObject;
  live: KubernetesObject;
  resource: Resource;
  drift: Drift;
  /** Strategies that changed nothing on this object as it stands. */
  tried: ReadonlySet<Strategy>;
};

export type CorrectionPlan = { ok: true; step: ApplyStep | PatchStep } | { ok: false; failure: Failure };

export function planCorrection(drifted: Drifted): CorrectionPlan {
  const { tried } = drifted;
  const strategy = strategiesFor(drifted.drift).find((candidate) => !tried.has(candidate));
  return strategy === undefined
    ? { ok: false, failure: notAccepted(drifted) }
    : { ok: true, step: stepOf(strategy, drifted) };
}

function strategiesFor(drift: Drift): Strategy[] {
  const others = drift.values.length + drift.stale.length + drift.doubtful.length > 0 || !drift.applied;
  if (drift.extra.length > 0 && !others && !drift.foreignVersion) return ["patch", "move", "apply", "patch-stale"];
  if (drift.extra.length > 0 || drift.foreignVersion) return ["move", "apply", "patch-stale"];
  return ["apply", "move", "patch-stale"];
}

function stepOf(strategy: Strategy, drifted: Drifted): ApplyStep | PatchStep {
  switch (strategy) {
    case "apply":
      return applyStep(drifted);
    case "patch":
      return patchStep(strategy, drifted, removals(drifted, drifted.drift.extra));
    case "patch-stale":
      return patchStep(strategy, drifted, removals(drifted, [...drifted.drift.extra, ...stalePaths(drifted)]));
    case "move":
      return patchStep(strategy, drifted, [
        { op: "replace", path: "/metadata/managedFields", value: moveOwnership(drifted.desired, drifted.live) },
      ]);
  }
}

function applyStep({ desired, live, resource, drift }: Drifted): ApplyStep {
  return {
    verb: "apply",
    target: refOf(desired),
    resource,
    object: desired,
    precondition: { uid: live.metadata.uid ?? "" },
    because: describe(drift),
    correction: describeCorrection("apply", { desired, live, drift }),
  };
}

function patchStep(
  strategy: Strategy,
  { desired, live, resource, drift }: Drifted,
  patch: PatchStep["patch"],
): PatchStep {
  const resourceVersion = live.metadata.resourceVersion ?? "";
  return {
    verb: "patch",
    target: refOf(desired),
    resource,
    // replacing the resourceVersion makes a stale patch a 409; testing it would make it a 422 like any bad patch
    patch: [{ op: "replace", path: "/metadata/resourceVersion", value: resourceVersion }, ...patch],
    precondition: { resourceVersion },
    because: describe(drift),
    correction: describeCorrection(strategy, { desired, live, drift }),
  };
}

function removals({ desired, live }: Drifted, paths: readonly Path[]): PatchStep["patch"] {
  return removePaths(asJson(live), paths, (path) => valueAt(asJson(desired), path) !== undefined);
}

function stalePaths({ live, drift }: Drifted): Path[] {
  return drift.stale.flatMap((path) => resolveField(asJson(live), path).map((found) => found.path));
}

function notAccepted({ desired, live, drift }: Drifted): Failure {
  const path = driftPaths(drift)[0] ?? "";
  const { before = "nothing", after = "nothing" } = shownValues(path, desired, live);
  return {
    reason: "NotAccepted",
    target: refOf(desired),
    message: `the API server or an admission webhook keeps ${path || "the object"} at ${after} where ${before} was applied; change the policy to that value, or the webhook`,
  };
}

function describe(drift: Drift): string {
  if (!drift.applied) return "it was never applied by Perennial";
  const parts = [
    drift.values.length > 0 ? `${list(drift.values)} differs` : "",
    drift.extra.length > 0 ? `${list(drift.extra.map(printPointer))} was added` : "",
    drift.stale.length > 0 ? `${list(drift.stale.map((path) => path.join(".")))} is no longer desired` : "",
    drift.foreignVersion ? "another manager owns fields in another API version" : "",
    drift.doubtful.length > 0 ? `${list(drift.doubtful)} is owned by somebody else` : "",
  ];
  return parts.filter((part) => part !== "").join(", ");
}

const SHOWN = 3;

function list(paths: readonly string[]): string {
  const more = paths.length > SHOWN ? ` and ${paths.length - SHOWN} more` : "";
  return paths.slice(0, SHOWN).join(", ") + more;
}
