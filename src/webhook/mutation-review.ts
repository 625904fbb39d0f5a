/** What becomes of an object that is admitted: policies by name, rules in order, each seeing what those before it made. */

import {
  asJson,
  isBeingDeleted,
  isEqual,
  type JsonObject,
  jsonDifference,
  type KubernetesObject,
  refOf,
} from "../object/index.ts";
import {
  type Admitted,
  askedIn,
  type Call,
  type CompiledMutation,
  type CompiledPolicy,
  type Labels,
  type Mutated,
  type RequestedResource,
  requesterOf,
  type Snapshot,
  type User,
  userOf,
} from "../rule/index.ts";
import { requestedResource } from "./requested-change.ts";
import { type AdmissionAnswer, type AdmissionRequest, ALLOWED } from "./review.ts";

export type MutationReviewOptions = {
  policies: readonly CompiledPolicy[];
  namespaceLabels(name: string): Labels | undefined;
  /**
   * A new one for each rule; `unknown`: the first thing that nobody can say yet, so that no answer counts; `open`: calls
   * that have to be made first.
   */
  snapshot(): Snapshot & { readonly unknown: string | undefined; readonly open: readonly Call[] };
  /** Milliseconds since the review began; while it goes on the process does nothing else. */
  elapsed(): number;
};

/** Milliseconds that the rules of one policy, and those of all, may take for one object; each is let finish. */
const LONGEST = { policy: 1_000, all: 2_000 };

/** What has to be asked before there is an answer; once it is known, the review is made again, as if nothing had been. */
export type OpenReview = { open: readonly Call[] };

/** An object that is on its way out may lose its finalizers whatever the rules say. */
export function reviewMutation(
  request: AdmissionRequest,
  options: MutationReviewOptions,
): AdmissionAnswer | OpenReview {
  const { object, operation } = request;
  if (object === undefined || isBeingDeleted(object) || (operation !== "CREATE" && operation !== "UPDATE"))
    return ALLOWED;
  const admitted: Admitted = { operation, oldObject: request.oldObject, request: request.fields };
  const requested = requestedResource(request);
  const user = userOf(request.fields.userInfo);
  let current = object;
  const warnings: string[] = [];
  for (const policy of options.policies) {
    const result = mutateByPolicy(policy, current, { ...options, admitted, requested, user });
    if ("open" in result) return result;
    if ("failure" in result && policy.admission.failurePolicy === "Fail")
      return { allowed: false, message: result.failure, warnings };
    if ("failure" in result) warnings.push(`not changed: ${result.failure}`);
    else {
      current = result.object;
      warnings.push(...(policy.admission.warns ? result.applied : []));
    }
  }
  if (isEqual(asJson(current), asJson(object))) return { allowed: true, warnings };
  return { allowed: true, warnings, patch: jsonDifference(asJson(object), asJson(current)) };
}

type PolicyResult = { object: KubernetesObject; applied: readonly string[] } | { failure: string } | OpenReview;

/** All of the policy or, where one of its rules fails, nothing. */
function mutateByPolicy(policy: CompiledPolicy, object: KubernetesObject, options: AskedMutation): PolicyResult {
  let current = object;
  const applied: string[] = [];
  const start = options.elapsed();
  for (const mutation of policy.mutations) {
    if (options.elapsed() > Math.min(start + LONGEST.policy, LONGEST.all))
      return { failure: `policy ${policy.ref.name}, rule ${mutation.name}: ${TOO_LONG}` };
    const mutated = mutateByRule(mutation, current, options);
    if ("open" in mutated) return mutated;
    const where = `policy ${policy.ref.name}, rule ${mutation.name}`;
    if (!mutated.ok) return { failure: `${where}: ${mutated.reason}: ${mutated.message}` };
    if ("idle" in mutated) continue;
    current = mutated.object;
    applied.push(
      `policy ${policy.ref.name}.${mutation.name}: mutated ${printPlace(namedObject(object, options.admitted.request))}`,
    );
    if (policy.appliesOne) break;
  }
  return { object: current, applied };
}

const TOO_LONG =
  "ExpressionFailed: the rules before it took too long for this object: a policy has a second, all have two; make it smaller, or the rules fewer";

/** `requested`: what the request is sent to; undefined where it does not say. */
type AskedMutation = MutationReviewOptions & {
  admitted: Admitted;
  requested: RequestedResource | undefined;
  user: User;
};

/** Idle where the rule is about something else, or somebody else. */
function mutateByRule(
  mutation: CompiledMutation,
  object: KubernetesObject,
  options: AskedMutation,
): Mutated | OpenReview {
  const { admitted, requested } = options;
  const asked = requested === undefined ? undefined : askedIn(mutation.requests, requested);
  if (requested !== undefined && asked === undefined) return { ok: true, idle: "it is about other requests" };
  const seen: { snapshot?: ReturnType<MutationReviewOptions["snapshot"]> } = {};
  const snapshot = () => {
    seen.snapshot ??= options.snapshot();
    return seen.snapshot;
  };
  const reason = mutation.whyNotSelected(namedObject(object, admitted.request), {
    ...(asked === undefined ? {} : { asked }),
    namespaceLabels: options.namespaceLabels,
    operation: admitted.operation,
    requester: requesterOf(options.user, snapshot),
  });
  const mutated =
    reason === undefined ? mutation.mutate(object, snapshot(), admitted) : { ok: true as const, idle: reason };
  const { unknown, open = [] } = seen.snapshot ?? {};
  if (open.length > 0) return { open };
  if (unknown === undefined) return mutated;
  return { ok: false, reason: "ContextMissing", message: `${unknown} is not known yet: try again` };
}

function printPlace(object: KubernetesObject): string {
  const { kind, namespace, name } = refOf(object);
  return `${kind}/${name}${namespace === "" ? "" : ` in namespace ${namespace}`}`;
}

/**
 * What is sent to a subresource need not say its name, which the request does. While an object has no name yet, what it is going to begin with
 * is compared.
 */
function namedObject(object: KubernetesObject, { name: requested }: JsonObject): KubernetesObject {
  const { name, generateName } = object.metadata as JsonObject; // as it came
  if (typeof name === "string" && name !== "") return object;
  return { ...object, metadata: { ...object.metadata, name: String(requested || (generateName ?? "")) } };
}
