/** The deep validation of a policy while it is written: everything that is wrong at once, in the words of its status. */

import {
  asJson,
  groupOf,
  isBeingDeleted,
  isEqual,
  type KubernetesObject,
  KYVERNO,
  type ObjectRef,
  refOf,
} from "../object/index.ts";
import { type Issue, type ParsedPolicy, parseForeignPolicy, parsePolicy, printIssue } from "../policy/index.ts";
import { compilePolicy, type ServedKinds } from "../rule/index.ts";
import { policyWarnings } from "./policy-warnings.ts";
import { type AdmissionAnswer, type AdmissionRequest, ALLOWED } from "./review.ts";

export type PolicyReviewOptions = {
  served: ServedKinds;
  /** Why policies of this group are not our business; undefined when they are. */
  whySuspended(group: string): string | undefined;
};

/**
 * Only what is asked for is judged: a policy that is already stored may be labelled, released and deleted whatever this version
 * thinks of its spec.
 */
export function reviewPolicy(
  { object, oldObject }: AdmissionRequest,
  { served, whySuspended }: PolicyReviewOptions,
): AdmissionAnswer {
  if (object === undefined || isBeingDeleted(object) || isSameSpec(object, oldObject)) return ALLOWED;
  const group = groupOf(object.apiVersion);
  if (whySuspended(group) !== undefined) return ALLOWED;
  const { parsed, notes } = group === KYVERNO ? parseForeignPolicy(asJson(object)) : parsedAs(object);
  if (parsed === undefined) return { allowed: true, warnings: notes };
  return judge(parsed, notes, { served, ref: refOf(object) });
}

function judge(
  parsed: ParsedPolicy,
  notes: readonly string[],
  { served, ref }: { served: ServedKinds; ref: ObjectRef },
): AdmissionAnswer {
  if ("issues" in parsed) return refused(parsed.issues, notes);
  const compiled = compilePolicy(parsed.policy, served, ref);
  if (!compiled.ok) return refused(compiled.issues, notes);
  const unknown = compiled.policy.unknownKinds.map(
    (kind) => `the API server does not serve the kind ${kind}: its rule waits until it does`,
  );
  return { allowed: true, warnings: [...notes, ...unknown, ...policyWarnings(parsed.policy)] };
}

function refused(issues: readonly Issue[], notes: readonly string[]): AdmissionAnswer {
  const lines = issues.map(printIssue);
  return { allowed: false, message: lines.join("\n"), warnings: notes };
}

function parsedAs(object: KubernetesObject): { parsed: ParsedPolicy; notes: readonly string[] } {
  return { parsed: parsePolicy(asJson(object)), notes: [] };
}

function isSameSpec(object: KubernetesObject, oldObject: KubernetesObject | undefined): boolean {
  return oldObject !== undefined && isEqual(asJson(object).spec, asJson(oldObject).spec);
}
