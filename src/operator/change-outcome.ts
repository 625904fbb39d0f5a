/** What acting on a change came to: done, not to be done, or tried again until it is. */

import { keyOf } from "../object/index.ts";
import type { Reason } from "../policy/index.ts";
import { type ClaimFailure, type ClaimKey, claimRef, type Dependency, dependsOnNamespace } from "../state/index.ts";
import type { ClaimWorkerOptions } from "./claim-options.ts";
import { type ClaimOutcome, dependenciesOf, failuresOf, OUTDATED_RETRY, timed, waitOf } from "./claim-outcome.ts";

/** May pass by itself, or by somebody's doing; all others are told, and the change is let go. */
const PASSING: ReadonlySet<Reason> = new Set([
  "Unreachable",
  "ContextMissing",
  "PermissionMissing",
  "Rejected",
  "NamespaceMissing",
  "KindUnknown",
]);

export function concludeChange(options: ClaimWorkerOptions, outcome: ClaimOutcome): void {
  const { world, queue, permissions, onPlanned, onQuota } = options;
  const { key, plan, exhausted } = outcome;
  const { policy, rule } = claimRef(key);
  world.progress.get(keyOf(policy))?.get(rule)?.awaited.delete(key);
  options.deepCheck.ended(key);
  for (const target of outcome.written) options.repairs.forget(target);
  options.polls.need(key, plan.calls ?? []);
  if (plan.fate === "held") return queue.addLater(key, plan.again ?? HELD);
  const failures = failuresOf(outcome);
  const refusals = [...outcome.refusals.values()];
  if (!refusals.some(({ reason }) => reason === "PermissionMissing")) permissions.forget(key);
  if (refusals.some(({ heals }) => heals === "quota")) onQuota();
  remember(options, outcome);
  onPlanned(keyOf(policy));
  const { isOutdated } = outcome.mutated;
  const waits =
    plan.again !== undefined || exhausted || isOutdated || failures.some(({ reason }) => PASSING.has(reason));
  if (!waits) return letGo(options, key);
  if (plan.again !== undefined) queue.addLater(key, plan.again);
  else if (isOutdated) queue.addLater(key, OUTDATED_RETRY);
  else if (refusals.some(({ reason }) => reason === "Unreachable")) queue.addLater(key, waitOf(refusals));
  else queue.retry(key);
}

const HELD = 1_000;

function letGo({ queue, changes, polls }: ClaimWorkerOptions, key: ClaimKey): void {
  queue.forgive(key);
  polls.need(key, []);
  changes.done(key);
}

/** Only what failed is told, until the next change of the same object. */
function remember({ world }: ClaimWorkerOptions, outcome: ClaimOutcome): void {
  const { key, plan } = outcome;
  const { policy, rule } = claimRef(key);
  const failures = timed(failuresOf(outcome), world.claims.get(key));
  if (failures.length === 0) return world.claims.remove(key);
  const state = { key, wants: new Set<never>(), inSync: 0, failures, gone: true };
  const reads = [...plan.reads, ...dependenciesOf(outcome), ...placesOf(failures)];
  world.claims.set(state, `${keyOf(policy)}\n${rule}`, reads, plan.looks);
}

/** A namespace that is missing may come. */
function placesOf(failures: readonly ClaimFailure[]): Dependency[] {
  const namespaces = new Set(failures.map(({ target }) => target?.namespace ?? ""));
  return [...namespaces].filter((name) => name !== "").map(dependsOnNamespace);
}
