/** How far the API server has been told to ask for what rules need to know; the server beside the operator says so. */

import type { Selection } from "../cluster/index.ts";
import { KYVERNO } from "../object/index.ts";
import type { CompiledPolicy } from "../rule/index.ts";
import type { PolicyState } from "../state/index.ts";
import { UNKNOWN } from "./kyverno-presence.ts";

/** Milliseconds after a start. */
const PATIENCE = 10_000;

/** Rules that change objects while they are written, and rules that act on requests. */
export type Asking = "mutations" | "requests";

export class AdmissionState {
  /** False: nobody asks, and nobody answers. */
  readonly isOn: boolean;
  /** Policies for which the API server is known to ask, for all of their rules that need it. */
  readonly asked: { [about in Asking]: ReadonlySet<CompiledPolicy> } = { mutations: new Set(), requests: new Set() };
  /** Policies with conditions that the API server refuses, and its words. */
  refused: ReadonlyMap<CompiledPolicy, string> = new Map();
  #servesForeign: boolean | undefined;
  readonly #since = performance.now();

  constructor({ isOn, kyverno }: { isOn: boolean; kyverno: boolean }) {
    this.isOn = isOn;
    this.#servesForeign = kyverno ? undefined : false;
  }

  /**
   * Whether mutate rules of kyverno.io act, as no controller of Kyverno is alive. While a watch of its Leases is broken, as
   * before. Undefined after a start, while that is about to be told: what the API server was told stays as it is.
   */
  get servesForeign(): boolean | undefined {
    if (this.#servesForeign === undefined && performance.now() - this.#since > PATIENCE) return false;
    return this.#servesForeign;
  }

  /** `reason`: why policies of kyverno.io are left alone, as it is told. */
  noteSuspended(reason: string | undefined): void {
    if (reason !== UNKNOWN) this.#servesForeign = reason === undefined;
  }

  /** False: what the rules of the policy do is for a controller of Kyverno to do. */
  acts({ ref }: CompiledPolicy): boolean {
    return ref.group !== KYVERNO || this.servesForeign === true;
  }

  /** What has to be watched so that the rules can be answered for. */
  readsOf(policies: Iterable<PolicyState>): Selection[] {
    if (!this.isOn) return [];
    return [...policies].flatMap((state) =>
      state.phase === "compiled" ? state.compiled.mutations.flatMap(({ reads }) => reads) : [],
    );
  }

  /** Why rules of the policy will never act as things are. */
  whyNever(policy: CompiledPolicy): string | undefined {
    if (this.isOn) return undefined;
    const mutating = [...new Set(policy.mutations.map(({ writtenAs }) => writtenAs))].join(", ");
    const asking = askingRules(policy).join(", ");
    const acting = actingRules(policy).join(", ");
    const reasons = [
      ...(mutating === "" ? [] : [`${mutating}: mutate rules act while objects are written`]),
      ...(asking === "" ? [] : [`${asking}: who creates an object is known while it is written`]),
      ...(acting === "" ? [] : [`${acting}: what no watch shows is known while it is requested`]),
    ];
    if (reasons.length === 0) return undefined;
    return `${reasons.join("; ")}, and the API server does not ask: start the operator with --webhook-address`;
  }

  /** Why they do not act yet. */
  whyNotYet(policy: CompiledPolicy): string | undefined {
    if (!this.isOn) return undefined;
    const { mutations, requests } = this.asked;
    if (isAskedFor(policy) && !mutations.has(policy))
      return policy.mutations.length > 0
        ? "the API server is being told to ask for its mutate rules"
        : "the API server is being told to ask while its triggers are created";
    const isWaiting = policy.rules.some(({ asks = [] }) => asks.length > 0) && !requests.has(policy);
    return isWaiting ? "the API server is being told to ask about requests" : undefined;
  }
}

/** True when some of its rules need the API server to ask before objects are written. */
export function isAskedFor(policy: CompiledPolicy): boolean {
  return policy.mutations.length > 0 || askingRules(policy).length > 0;
}

function askingRules({ rules }: CompiledPolicy): string[] {
  return rules.filter(({ asksCreator }) => asksCreator !== undefined).map(({ name }) => name);
}

/** Rules that act on requests. */
function actingRules({ rules }: CompiledPolicy): string[] {
  return rules.filter(({ asks }) => asks !== undefined).map(({ name }) => name);
}
