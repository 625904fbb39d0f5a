/** How far the API server has been told to ask for what mutate rules do; the server beside the operator says so. */

import type { Selection } from "../cluster/index.ts";
import type { CompiledPolicy } from "../rule/index.ts";
import type { PolicyState } from "../state/index.ts";

export class AdmissionState {
  /** False: nobody asks, and nobody answers. */
  readonly isOn: boolean;
  /** Policies whose rules the API server is known to ask for. */
  asked: ReadonlySet<CompiledPolicy> = new Set();

  constructor(isOn: boolean) {
    this.isOn = isOn;
  }

  /** What has to be watched so that the rules can be answered for. */
  readsOf(policies: Iterable<PolicyState>): Selection[] {
    if (!this.isOn) return [];
    return [...policies].flatMap((state) =>
      state.phase === "compiled" ? state.compiled.mutations.flatMap(({ reads }) => reads) : [],
    );
  }

  /** Why mutate rules of the policy will never act as things are. */
  whyNever({ mutations }: CompiledPolicy): string | undefined {
    if (mutations.length === 0 || this.isOn) return undefined;
    const names = [...new Set(mutations.map(({ writtenAs }) => writtenAs))].join(", ");
    return `${names}: mutate rules act while objects are written, and the API server does not ask: start the operator with --webhook-address`;
  }

  /** Why they do not act yet. */
  whyNotYet(policy: CompiledPolicy): string | undefined {
    if (policy.mutations.length === 0 || !this.isOn || this.asked.has(policy)) return undefined;
    return "the API server is being told to ask for its mutate rules";
  }
}
