/** What is kept of one target: digests, and the judgement that was made of them. */

import type { JsonObject, KubernetesObject, Marks, ObjectRef, Resource } from "../object/index.ts";
import type { Reason } from "../policy/index.ts";
import type { ClaimKey } from "./claim-key.ts";

export type TargetRecord = {
  readonly ref: ObjectRef;
  resource: Resource;
  uid: string;
  resourceVersion: string;
  /** Undefined: there is such an object, and it is not ours (yet). */
  marks: Marks | undefined;
  /** Whose it is by its annotations, when they agree with the marks; undefined when nobody can tell. */
  claim: ClaimKey | undefined;
  deleting: boolean;
  /** When we wrote it last, in milliseconds since 1970 by the clock of the API server: its trigger was there then. */
  writtenAt: number;
  /** When its claim was first applied, where its rule needs to know. */
  firstApplied?: string;
  /** The digest of content, labels, annotations and owners as last seen. */
  digest: string;
  /** The digest of its content alone. */
  live: string;
  /** True while it is as the server made it when we created it. */
  created: boolean;
  /** The judgement that still holds: for this desired state, this content is in sync (or will not get better). */
  judged?: Judgement;
  /** What was seen and not judged yet, and when the first such event came (monotonic milliseconds). */
  pending?: { live: KubernetesObject; since: number };
  /** Strategies that changed nothing on the object as it stands, in the order in which they were tried last. */
  tried: Set<string>;
  /** What the server said that fresh objects would be; kept from the question until the target is judged. */
  answers?: FreshAnswers;
  /** Why what is desired can never be applied to the object as it stands. */
  refusal?: FinalRefusal;
};

/** `desired`: the digest of the desired state that was asked for. */
export type FreshAnswers = {
  desired: string;
  /** The content of each fresh object, one for each question under another name. */
  contents: readonly JsonObject[];
  /** No (further) answer can be had: a quota, a webhook, a missing permission. */
  refused: boolean;
};

export type FinalRefusal = { desired: string; reason: Reason; message: string };

export type Judgement = {
  /** The digest of what is desired, with its marks. */
  desired: string;
  /** The digest of what is desired without marks, to tell whether another claim wants the same. */
  content: string;
  /** The digest of what was seen. */
  digest: string;
  /** The digest of its content alone. */
  live: string;
  /** That without what is never compared with a fresh object. */
  compared: string;
  /** The digest of the labels and annotations that are desired, as they are; "" when they are as desired. */
  metadata: string;
  inSync: boolean;
  /** True when a fresh object would be like this, as far as anybody can know; until then it is in sync by ownership. */
  checked: boolean;
  /** Why it is not in sync, and will not get better by itself. */
  failure?: { reason: Reason; message: string };
};

export type Sighting = {
  resource: Resource;
  /** An event or a list; the answer to a write or a read of ours; the answer to a write that created the object. */
  by: "watch" | "write" | "creation";
  /** Monotonic milliseconds. */
  now: number;
};
