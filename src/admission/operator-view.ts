/** What the server knows of the operator that runs beside it, and tells it. */

import type { ObjectRef, Resource } from "../object/index.ts";
import type { Call, CallResult, CompiledPolicy, ServedKinds } from "../rule/index.ts";
import type { MutationReviewOptions, RequestedChange } from "../webhook/index.ts";

export type OperatorView = {
  served: ServedKinds;
  /** Why nothing can be said about policies yet. */
  whyNotStarted(): string | undefined;
  whySuspended(group: string): string | undefined;
  /** True while this process holds the Lease. */
  leads(): boolean;
  /** True while it may make things that have to last: it leads, and the installation key is there. */
  mayKeep(): boolean;
  /** The fields of the Secret as it was found at the start. */
  keptFields(): readonly string[];
  namespaceUid(): string | undefined;
  /** Policies that mutate objects while they are written, or ask who created them, by name; undefined while not all policies are known. */
  mutating(): readonly CompiledPolicy[] | undefined;
  /** The resources that the operator may write outside of its own namespace, as keys. */
  written(): ReadonlySet<string>;
  /** False from the moment that a controller of Kyverno is known to do what the policy says. */
  acts(policy: CompiledPolicy): boolean;
  /** `asked`: what the calls of rules came to. */
  snapshot(asked?: { resultOf(call: Call): CallResult | undefined }): ReturnType<MutationReviewOptions["snapshot"]>;
  /** The calls of rules, for somebody who waits. */
  calls: {
    recent(call: Call): CallResult | undefined;
    ask(calls: readonly Call[], patience: number): Promise<ReadonlyMap<string, CallResult>>;
  };
  namespaceLabels: MutationReviewOptions["namespaceLabels"];
  installationKey(): Uint8Array | undefined;
  /** True when all that the policy reads is watched. */
  isWatched(policy: CompiledPolicy): boolean;
  /** The resources of what is generated. */
  generated(): readonly Resource[];
  /** Told who is about to change or delete an object of ours. */
  noteUser(target: ObjectRef, user: string): void;
  /** Told which policies the API server is not told of, and why: it would refuse that. */
  noteRefused(refused: ReadonlyMap<CompiledPolicy, string>): void;
  /** Told for which policies the API server is known to ask. */
  noteAsked(about: "mutations" | "requests", policies: ReadonlySet<CompiledPolicy>): void;
  /** Policies with rules that act on requests; undefined while not all policies are known. */
  asking(): readonly CompiledPolicy[] | undefined;
  /** Told of a request that was admitted; whoever sent it does not wait. */
  noteRequest(change: RequestedChange): void;
};
