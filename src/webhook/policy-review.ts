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
import {
  type AdmissionSettings,
  AUTOGEN_ANNOTATION,
  compilePolicy,
  type Need,
  type ServedKinds,
} from "../rule/index.ts";
import { policyWarnings } from "./policy-warnings.ts";
import { type AdmissionAnswer, type AdmissionRequest, ALLOWED } from "./review.ts";

export type PolicyJudgementOptions = {
  served: ServedKinds;
  /** Why policies of this group are not our business; undefined when they are. */
  whySuspended(group: string): string | undefined;
};

/**
 * `needs`: the permissions that what is allowed takes; none where nothing changes. `conditions`: what only the API server can
 * judge.
 */
export type PolicyJudgement = {
  answer: AdmissionAnswer;
  needs: readonly Need[];
  conditions?: AdmissionSettings["matchConditions"];
};

const NOTHING_TO_JUDGE: PolicyJudgement = { answer: ALLOWED, needs: [] };

/**
 * Only what is asked for is judged: a policy that is already stored may be labelled, released and deleted whatever this version
 * thinks of its spec.
 */
export function judgePolicy(
  { object, oldObject }: AdmissionRequest,
  { served, whySuspended }: PolicyJudgementOptions,
): PolicyJudgement {
  if (object === undefined || isSameSpec(object, oldObject)) return NOTHING_TO_JUDGE;
  const group = groupOf(object.apiVersion);
  if (whySuspended(group) !== undefined) return NOTHING_TO_JUDGE;
  const { parsed, notes } = group === KYVERNO ? parseForeignPolicy(asJson(object)) : parsedAs(object);
  if (parsed === undefined) return { answer: { allowed: true, warnings: notes }, needs: [] };
  const judged = judge(parsed, notes, { served, ref: refOf(object) });
  // a bad one that goes does nothing, but until it is gone a good one does what it says
  return isBeingDeleted(object) && !judged.answer.allowed ? NOTHING_TO_JUDGE : judged;
}

function judge(
  parsed: ParsedPolicy,
  notes: readonly string[],
  { served, ref }: { served: ServedKinds; ref: ObjectRef },
): PolicyJudgement {
  if ("issues" in parsed) return refused(parsed.issues, notes);
  const compiled = compilePolicy(parsed.policy, served, ref);
  if (!compiled.ok) return refused(compiled.issues, notes);
  const unknown = compiled.policy.unknownKinds.map(
    (kind) => `the API server does not serve the kind ${kind}: its rule waits until it does`,
  );
  const warnings = [...notes, ...unknown, ...policyWarnings(parsed.policy)];
  const { matchConditions: conditions } = compiled.policy.admission;
  return { answer: { allowed: true, warnings }, needs: compiled.needs, conditions };
}

function refused(issues: readonly Issue[], notes: readonly string[]): PolicyJudgement {
  const lines = issues.map(printIssue);
  return { answer: { allowed: false, message: lines.join("\n"), warnings: notes }, needs: [] };
}

function parsedAs(object: KubernetesObject): { parsed: ParsedPolicy; notes: readonly string[] } {
  return { parsed: parsePolicy(asJson(object)), notes: [] };
}

/** An annotation says which further rules there are. */
function isSameSpec(object: KubernetesObject, oldObject: KubernetesObject | undefined): boolean {
  const annotationOf = ({ metadata }: KubernetesObject) => metadata.annotations?.[AUTOGEN_ANNOTATION];
  return (
    oldObject !== undefined &&
    isEqual(asJson(object).spec, asJson(oldObject).spec) &&
    annotationOf(object) === annotationOf(oldObject)
  );
}
