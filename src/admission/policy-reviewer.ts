/** Reviews of policies: what is wrong with one, whether its author may do what it does, and whether the operator may. */

import { type ClusterClient, type ServiceAccount, subjectOf } from "../cluster/index.ts";
import { groupOf, KYVERNO } from "../object/index.ts";
import type { ServedKinds } from "../rule/index.ts";
import {
  type AdmissionAnswer,
  type AdmissionRequest,
  authorOf,
  judgeOperator,
  judgePolicy,
  needsOfOperator,
  refuseAuthor,
} from "../webhook/index.ts";
import type { Conditions } from "./conditions.ts";
import { findLacks } from "./permission-check.ts";

export type PolicyReviewerOptions = {
  client: ClusterClient;
  conditions: Conditions;
  view: { served: ServedKinds; whySuspended(group: string): string | undefined };
  /** True: who may write policies may have done by them whatever the operator may. */
  trustAuthors: boolean;
  /** Whose permissions count as the operator's; absent: those of the client. */
  serviceAccount: ServiceAccount | undefined;
};

export function createPolicyReviewer(options: PolicyReviewerOptions) {
  return { webhook: "policies", review: (request: AdmissionRequest) => review(request, options) };
}

async function review(request: AdmissionRequest, options: PolicyReviewerOptions): Promise<AdmissionAnswer> {
  const { client, view, trustAuthors, serviceAccount } = options;
  const { answer, needs, conditions = [] } = judgePolicy(request, view);
  if (!answer.allowed) return answer;
  const why = await options.conditions.whyRefused(conditions);
  if (why !== undefined && why !== "unknown")
    return { allowed: false, message: why.refused, warnings: answer.warnings };
  if (needs.length === 0) return answer;
  const author = authorOf(request);
  const itself = serviceAccount === undefined ? undefined : subjectOf(serviceAccount);
  const [lacksOfAuthor, lacksOfOperator] = await Promise.all([
    trustAuthors || author === undefined ? [] : findLacks(client, needs, author),
    findLacks(client, needsOfOperator(needs), itself),
  ]);
  const refusal = trustAuthors ? undefined : refuseAuthor(author, lacksOfAuthor, answer.warnings);
  if (refusal !== undefined) return refusal;
  const isForeign = groupOf(request.object?.apiVersion ?? "") === KYVERNO;
  return judgeOperator(lacksOfOperator, { answer, isForeign });
}
