/** What a refused write means for the claim: a reason of the catalogue, words for people, and when to try again. */

import { type ApiFailure, type Permission, printFailure } from "../cluster/index.ts";
import { printRef, resourceName } from "../object/index.ts";
import type { Failure, WriteStep } from "../plan/index.ts";
import { isEscalation, neededPermission } from "./needed-permission.ts";

export type Refusal = Failure & {
  heals: "retry" | "permission" | "quota" | "event";
  /** The server asked to wait so many milliseconds. */
  retryAfter?: number;
};

/** `permitted`: what SelfSubjectAccessReview answered for a 403; undefined when it was not asked or did not answer. */
export function explainFailure(step: WriteStep, failure: ApiFailure, permitted: boolean | undefined): Refusal {
  const shared = { target: step.target };
  const words = `${printRef(step.target)}: ${wordsFor(step, failure)}`;
  if (failure.status === 403 && permitted === false) {
    const message = missing(neededPermission(step, failure));
    if (!isEscalation(failure)) return { ...shared, reason: "PermissionMissing", message, heals: "permission" };
    // holding all that the role grants would do as well, and no probe can ask for that
    return { ...shared, reason: "PermissionMissing", message: `${message}; ${words}`, heals: "retry" };
  }
  if (isTerminating(failure)) {
    return { ...shared, reason: "NamespaceTerminating", message: words, heals: "event" };
  }
  const { retryAfter } = failure;
  return { ...shared, ...kindOf(failure), message: words, ...(retryAfter === undefined ? {} : { retryAfter }) };
}

/** The server's words may repeat a value; of a Secret only the fields are named. */
function wordsFor(step: WriteStep, failure: ApiFailure): string {
  if (step.target.kind !== "Secret" || failure.status === 0) return shorten(printFailure(failure));
  const fields = failure.causes.map(({ field }) => field).filter((field) => field !== "");
  return [`refused with ${failure.status} ${failure.reason}`, ...fields].join(", ");
}

/** It says nothing about the object, so the object need not wait long: no answer, a refused token, a load balancer's word. */
const UNREACHABLE = new Set([0, 401, 408, 429, 502, 503, 504]);

function kindOf(failure: ApiFailure): Pick<Refusal, "reason" | "heals"> {
  const { status, message } = failure;
  if (UNREACHABLE.has(status) || message.startsWith("etcdserver: ")) return { reason: "Unreachable", heals: "retry" };
  if (status === 403) return { reason: "Rejected", heals: message.includes("quota") ? "quota" : "retry" };
  if (status === 404 && failure.kind === "namespaces") return { reason: "NamespaceMissing", heals: "retry" };
  if (status === 404) return { reason: "KindUnknown", heals: "retry" };
  if (status === 422 && isImmutable(failure)) return { reason: "ImmutableField", heals: "retry" };
  // an unknown field or a wrong type in an apply is answered with 500
  const malformed = status === 400 || status === 422 || (status === 500 && message.includes("typed patch object"));
  return { reason: malformed ? "InvalidTarget" : "Rejected", heals: "retry" };
}

export function isTerminating(failure: ApiFailure): boolean {
  return failure.status === 403 && failure.causes.some(({ reason }) => reason === "NamespaceTerminating");
}

function isImmutable({ causes, message }: ApiFailure): boolean {
  return [message, ...causes.map((cause) => cause.message)].some((text) =>
    /immutable|(may not|cannot) (be )?change|not.* be updated|updates to .* are forbidden/i.test(text),
  );
}

/** Some answers list all permissions of a role; a status stays small. */
function shorten(words: string): string {
  return words.length > LONGEST ? `${words.slice(0, LONGEST)}...` : words;
}

const LONGEST = 500;

function missing({ verb, resource, subresource, namespace, name }: Permission): string {
  const what = `${resourceName(resource, subresource)}${name === undefined ? "" : ` ${name}`}`;
  const where = namespace === "" ? "" : ` in namespace ${namespace}`;
  return `may not ${verb} ${what}${where}; grant it with a ClusterRole labelled perennial.dev/aggregate-to-operator: "true"`;
}
