/** What was refused while one claim is worked on: for good, for now, or only in one of the ways to bring a target about. */

import { explainFailure, neededPermission, ownPermission, type Refusal } from "../apply/index.ts";
import { keyOf, type ObjectKey } from "../object/index.ts";
import { APPLY_REFUSED, type Attempt, type Step, type WriteStep } from "../plan/index.ts";
import type { ClaimKey } from "../state/index.ts";
import type { ClaimWorkerOptions } from "./claim-options.ts";

type Failure = Parameters<typeof explainFailure>[1];
type Options = Pick<ClaimWorkerOptions, "world" | "permissions">;

/** What stands for the server's answer when a permission is known to be missing and nothing was sent. */
const FORBIDDEN: Failure = { status: 403, reason: "Forbidden", message: "", causes: [] };

export class ClaimRefusals {
  readonly #options: Options;
  readonly #key: ClaimKey;
  readonly #told = new Map<ObjectKey, Refusal>();
  /** Why a strategy was refused while others may still help. */
  readonly #setbacks = new Map<ObjectKey, Refusal>();

  constructor(options: Options, key: ClaimKey) {
    this.#options = options;
    this.#key = key;
  }

  get all(): ReadonlyMap<ObjectKey, Refusal> {
    return this.#told;
  }

  hasSetback(target: ObjectKey): boolean {
    return this.#setbacks.has(target);
  }

  add({ target }: Step, refusal: Refusal): void {
    this.#told.set(keyOf(target), refusal);
  }

  /** True when it is known to be forbidden: it need not be sent. */
  isForbidden(step: WriteStep): boolean {
    if (!this.#options.permissions.isKnownMissing(ownPermission(step), this.#key)) return false;
    this.add(step, explainFailure(step, FORBIDDEN, false));
    return true;
  }

  async noteFailed(step: WriteStep, failure: Failure): Promise<void> {
    const first = explainFailure(step, failure, undefined);
    const attempt = attemptOf(step);
    if (failure.status === 422 && attempt !== undefined) return this.#noteInvalid(step, attempt, first);
    const asks = failure.status === 403 && first.reason !== "NamespaceTerminating";
    const missing = asks && (await this.#options.permissions.isMissing(neededPermission(step, failure), this.#key));
    this.add(step, missing ? explainFailure(step, failure, false) : first);
  }

  /** Another strategy may fit, unless what is desired can never be. */
  #noteInvalid(step: WriteStep, { strategy, desired }: Attempt, refusal: Refusal): void {
    const { inventory } = this.#options.world;
    const target = keyOf(step.target);
    if (refusal.reason === "ImmutableField" && strategy !== "reset" && strategy !== "move") {
      inventory.noteRefusal(target, { desired, reason: refusal.reason, message: refusal.message });
    } else if (inventory.get(target)?.pending === undefined) {
      this.add(step, refusal); // without the object at hand there is no other strategy
    } else {
      inventory.noteTried(target, strategy);
      if (strategy === "apply") inventory.noteTried(target, APPLY_REFUSED);
      if (strategy !== "reset") this.#setbacks.set(target, refusal);
    }
  }

  /** No strategy was of use: why one of them was refused says more than that the target is not as it should be. */
  tellSetback(step: Step): void {
    const setback = this.#setbacks.get(keyOf(step.target));
    if (setback === undefined) return;
    this.add(step, setback);
    this.#options.world.inventory.forgetTried(keyOf(step.target));
  }
}

export function attemptOf(step: WriteStep): Attempt | undefined {
  return step.verb === "apply" || step.verb === "patch" ? step.attempt : undefined;
}
