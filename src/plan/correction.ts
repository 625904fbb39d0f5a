/**
 * The next write that puts a drift right (reference: exact drift, rules 9 to 11).
 *
 * Forced apply restores values but keeps what others added; so additions are taken out by a JSON patch, or, where there is
 * more to do, their ownership is moved into our own entry first (a patch of managedFields alone) and the apply that
 * follows prunes them.
 */

import {
  asJson,
  type Difference,
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
import type { Change } from "./fresh.ts";
import { moveOwnership } from "./ownership.ts";
import { removePaths } from "./removal.ts";
import type { ApplyStep, Failure, PatchStep, Strategy } from "./step.ts";

export type Drifted = {
  desired: KubernetesObject;
  /** The digest of the desired object. */
  digest: string;
  live: KubernetesObject;
  resource: Resource;
  /** Strategies that changed nothing on this object as it stands, in the order in which they were tried. */
  tried: ReadonlySet<string>;
};

/** Undefined when everything was tried. */
export function planCorrection(drifted: Drifted, drift: Drift): ApplyStep | PatchStep | undefined {
  const because = describe(drift);
  const correction = describeCorrection(driftPaths(drift), drifted);
  for (const strategy of strategiesFor(drift)) {
    const step = attemptOf(strategy, drifted, drift);
    if (step !== undefined) return { ...step, because, correction };
  }
  return undefined;
}

function strategiesFor(drift: Drift): Strategy[] {
  const others =
    drift.values.length + drift.stale.length + drift.doubtful.length + drift.residue.length > 0 || !drift.applied;
  const foreign = drift.extra.length > 0 || drift.foreignVersion || drift.residue.length > 0;
  if (!foreign) return ["apply", "move", "patch-stale"];
  const first: Strategy[] = others || drift.foreignVersion ? [] : ["patch"];
  return [...first, "move", "apply", "patch-stale"];
}

/** What moves, removes or sets things gives the apply that was of no use another chance. */
const BEFORE_APPLY: readonly Strategy[] = ["move", "patch-stale", "reset", "rewrite"];

/** Stands among the strategies that were tried when the server refused an apply as invalid. */
export const APPLY_REFUSED = "apply refused";

/** `tried` is in the order in which they were. */
function isTried(strategy: Strategy, tried: ReadonlySet<string>): boolean {
  if (strategy !== "apply") return tried.has(strategy);
  const order = [...tried];
  return tried.has("apply") && BEFORE_APPLY.every((other) => order.indexOf(other) < order.indexOf("apply"));
}

/** Ownership was moved, or values were set without an apply: the apply that makes it ours has not followed yet. */
export function awaitsApply(tried: ReadonlySet<string>): boolean {
  return (tried.has("move") || tried.has("rewrite")) && !isTried("apply", tried);
}

/** The strategy as a write; undefined when it was tried, or there is nothing for it to do. */
function attemptOf(strategy: Strategy, drifted: Drifted, drift: Drift): ApplyStep | PatchStep | undefined {
  switch (strategy) {
    case "patch":
      return planRemoval(drifted, { strategy, paths: drift.extra });
    case "patch-stale":
      return planRemoval(drifted, { strategy, paths: [...drift.extra, ...stalePaths(drifted.live, drift)] });
    case "move":
      return planMove(drifted);
    default:
      return planApply(drifted);
  }
}

/** `once`: one apply has to do, whether it changes anything or not. */
export function planApply(drifted: Drifted, once = false): ApplyStep | undefined {
  const { desired, digest, live, resource, tried } = drifted;
  if (isTried("apply", tried)) return undefined;
  const last = once || BEFORE_APPLY.some((strategy) => tried.has(strategy));
  return {
    verb: "apply",
    target: refOf(desired),
    resource,
    object: desired,
    precondition: { uid: live.metadata.uid ?? "" },
    attempt: { strategy: "apply", desired: digest, once: last },
    because: "",
  };
}

export function planMove(drifted: Drifted): PatchStep | undefined {
  const value = moveOwnership(drifted.desired, drifted.live);
  if (value === undefined || drifted.tried.has("move")) return undefined;
  return patchStep(drifted, "move", [{ op: "replace", path: "/metadata/managedFields", value }]);
}

export function planRemoval(
  drifted: Drifted,
  { strategy, paths }: { strategy: Strategy; paths: readonly Path[] },
): PatchStep | undefined {
  const { desired, live, tried } = drifted;
  if (paths.length === 0 || tried.has(strategy)) return undefined;
  const isDesired = (path: Path): boolean => valueAt(asJson(desired), path) !== undefined;
  return patchStep(drifted, strategy, removePaths(asJson(live), paths, isDesired));
}

/** Sets desired places to what a fresh object has there, so that the next apply fits. */
export function planRewrite(drifted: Drifted, changes: readonly Change[]): PatchStep | undefined {
  const patch = changes.flatMap(({ path, fresh }) =>
    fresh === undefined ? [] : [{ op: "replace", path: printPointer(path), value: fresh } as const],
  );
  return patch.length === 0 || drifted.tried.has("rewrite") ? undefined : patchStep(drifted, "rewrite", patch);
}

function patchStep(
  { desired, digest, live, resource }: Drifted,
  strategy: Strategy,
  patch: readonly Difference[],
): PatchStep {
  const resourceVersion = live.metadata.resourceVersion ?? "";
  return {
    verb: "patch",
    target: refOf(desired),
    resource,
    // replacing the resourceVersion makes a stale patch a 409; testing it would make it a 422 like any bad patch
    patch: [{ op: "replace", path: "/metadata/resourceVersion", value: resourceVersion }, ...patch],
    precondition: { resourceVersion },
    // additions may come in between, and then go the same way; the others are means, and of use once
    attempt: { strategy, desired: digest, once: strategy !== "patch" },
    because: "",
  };
}

function stalePaths(live: KubernetesObject, drift: Drift): Path[] {
  return drift.stale.flatMap((path) => resolveField(asJson(live), path).map((found) => found.path));
}

/** The server or a webhook insists: what is asked for, and what it keeps. */
export function notAccepted(desired: KubernetesObject, live: KubernetesObject, path: string): Failure {
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
    drift.values.length > 0 ? `${listPaths(drift.values)} differs` : "",
    drift.extra.length > 0 ? `${listPaths(drift.extra.map(printPointer))} was added` : "",
    drift.stale.length > 0 ? `${listPaths(drift.stale.map((path) => path.join(".")))} is no longer desired` : "",
    drift.foreignVersion ? "another manager owns fields in another API version" : "",
    drift.doubtful.length > 0 ? `${listPaths(drift.doubtful)} is owned by somebody else` : "",
    drift.residue.length > 0 ? `${listPaths(drift.residue)} is owned by nobody in particular` : "",
  ];
  return parts.filter((part) => part !== "").join(", ");
}

const SHOWN = 3;

/** The first few paths, for people. */
export function listPaths(paths: readonly string[]): string {
  const more = paths.length > SHOWN ? ` and ${paths.length - SHOWN} more` : "";
  return paths.slice(0, SHOWN).join(", ") + more;
}
