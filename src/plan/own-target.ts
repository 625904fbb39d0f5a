/** What the judgement of a target of ours is made of: what is known of it, and the steps and verdicts that may come out. */

import {
  asJson,
  contentDigest,
  contentOf,
  type JsonObject,
  type KubernetesObject,
  keyOf,
  printJson,
  valueAt,
} from "../object/index.ts";
import type { FreshAnswers, Judgement, TargetRecord, World } from "../state/index.ts";
import { hasOwners } from "./compare.ts";
import { type Drifted, notAccepted } from "./correction.ts";
import { leaveOut, placesLeftOut } from "./ignored.ts";
import { askFresh } from "./question.ts";
import type { AskStep, Failure, Step } from "./step.ts";
import { inSync, skip, type TargetPlan, type Wanted } from "./wanted.ts";

/** The target with what is known of it. */
export type Own = {
  wanted: Wanted;
  record: TargetRecord;
  /** Digests of what is desired, with marks and without. */
  desired: string;
  content: string;
  checkDue: boolean;
};

/** The same while the live object is at hand. */
export type Seen = Own & { live: KubernetesObject; compared: string };

export function ownTarget(world: World, wanted: Wanted, record: TargetRecord): Own {
  const desired = contentDigest(printJson(asJson(wanted.object)));
  const content = contentDigest(printJson(asJson(wanted.target.object)));
  return { wanted, record, desired, content, checkDue: world.isCheckDue(keyOf(record.ref)) };
}

export function driftedOf({ wanted, record, desired, live }: Seen): Drifted {
  const { object, target } = wanted;
  return { desired: object, digest: desired, live, resource: target.resource, tried: record.tried };
}

export function seen(own: Own, live: KubernetesObject): Seen {
  const content = contentOf(live);
  const left = leaveOut(content, placesLeftOut(own.wanted.object));
  const compared = left === content ? own.record.live : contentDigest(printJson(left));
  return { ...own, live, compared };
}

export function digestOfFresh({ wanted: { object } }: Own, content: JsonObject): string {
  return contentDigest(printJson(leaveOut(content, placesLeftOut(object))));
}

export function answersOf({ record: { answers }, desired }: Own): FreshAnswers | undefined {
  return answers?.desired === desired ? answers : undefined;
}

export function ask(own: Own, because: string): AskStep {
  const { wanted, desired } = own;
  const { ref: target, resource } = wanted.target;
  const answers = answersOf(own)?.contents.length ?? 0;
  return askFresh({ target, resource, object: wanted.object, desired, answers, because });
}

export function read({ wanted: { target }, desired }: Own): Step {
  const { ref, resource } = target;
  return { verb: "read", target: ref, resource, desired, because: "its content is not that of a fresh object" };
}

export function applyChanged({ wanted, record, desired }: Own): Step {
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

export function judge(target: Seen, checked: boolean): TargetPlan {
  return settled(target, { ...digestsOf(target), compared: target.compared, metadata: "", inSync: true, checked });
}

/** The judgement holds, although something may have changed that does not count. */
export function judgedAgain(own: Own, judged: Judgement): TargetPlan {
  const { failure } = judged;
  return failure === undefined ? settled(own, { ...judged, digest: own.record.digest }) : cannotBe(own, failure);
}

/** Nothing more can be done as things stand. */
export function failed(target: Seen, path: string): TargetPlan {
  return cannotBe(target, notAccepted(target.wanted.object, target.live, path));
}

export function cannotBe(own: Own, { reason, message }: Pick<Failure, "reason" | "message">): TargetPlan {
  const { wanted, record } = own;
  const { pending, judged } = record;
  const metadata = pending === undefined ? (judged?.metadata ?? "") : digestOfMetadata(wanted.object, pending.live);
  const digests = { ...digestsOf(own), compared: "", metadata };
  const judgement = { ...digests, inSync: false, checked: true, failure: { reason, message } };
  return {
    step: skip(wanted, message, { reason, message, target: wanted.target.ref }),
    judged: { target: wanted.target.ref, ...judgement },
  };
}

export function settled({ wanted }: Own, judgement: Judgement): TargetPlan {
  return { step: inSync(wanted), judged: { target: wanted.target.ref, ...judgement } };
}

function digestsOf({ desired, content, record }: Own): Pick<Judgement, "desired" | "content" | "digest" | "live"> {
  return { desired, content, digest: record.digest, live: record.live };
}

/** Of the labels, annotations and owners that are desired, as they are; "" when they are as desired, as nearly always. */
export function digestOfMetadata(object: KubernetesObject, live: KubernetesObject): string {
  const kinds = ["labels", "annotations"] as const;
  const different = kinds.flatMap((kind) =>
    Object.entries(object.metadata[kind] ?? {}).map(([key, text]) => {
      const found = valueAt(live.metadata[kind], [key]) ?? null;
      return found === text ? null : [kind, key, found];
    }),
  );
  if (!hasOwners(object, live)) different.push(["ownerReferences"]);
  return different.every((entry) => entry === null) ? "" : contentDigest(printJson(different));
}
