/** What is said of a policy whose author, or whose operator, may not do what it has the operator do. */

import { isJsonObject, type JsonObject } from "../object/index.ts";
import { isUrlNeed, type Need } from "../rule/index.ts";
import { type Lack, MOST_QUESTIONS } from "./questions.ts";
import type { AdmissionAnswer, AdmissionRequest } from "./review.ts";

/** As an access review has it. */
export type Author = { user: string; uid?: string; groups?: string[]; extra?: JsonObject };

/** Who sent the request; undefined when it does not say. */
export function authorOf({ fields }: AdmissionRequest): Author | undefined {
  const { userInfo } = fields;
  if (!isJsonObject(userInfo)) return undefined;
  const { username, uid, groups, extra } = userInfo;
  if (typeof username !== "string" || username === "") return undefined;
  return {
    user: username,
    ...(typeof uid === "string" ? { uid } : {}),
    ...(Array.isArray(groups) ? { groups: groups.filter((group) => typeof group === "string") } : {}),
    ...(isJsonObject(extra) ? { extra } : {}),
  };
}

/** Undefined when the author lacks nothing. `warnings` go with the answer. */
export function refuseAuthor(
  author: Author | undefined,
  lacks: readonly Lack[] | "too many",
  warnings: readonly string[],
): AdmissionAnswer | undefined {
  const message = whyRefused(author, lacks);
  return message === undefined ? undefined : { allowed: false, message, warnings, forbidden: true };
}

function whyRefused(author: Author | undefined, lacks: readonly Lack[] | "too many"): string | undefined {
  if (author === undefined) return `the request does not say who sent it, and ${RULE}`;
  if (lacks === "too many") {
    return `${RULE}; whether ${author.user} may would take more than ${MOST_QUESTIONS} questions to the API server: spread its rules over several policies, or write out fewer kinds and namespaces`;
  }
  const missing = lacks.filter(({ isUnknown }) => !isUnknown);
  if (missing.length > 0) return [`${RULE}; ${author.user} may not:`, ...missing.map(printLack), WHAT_TO_DO].join("\n");
  if (lacks.length === 0) return undefined;
  return [`${RULE}; the API server did not say whether ${author.user} may:`, ...lacks.map(printLack), ASK_AGAIN].join(
    "\n",
  );
}

const RULE = "a policy has Perennial do only what its author may do himself";
const WHAT_TO_DO =
  "Have these permissions granted, or let somebody write the policy who has them; what is computed may be anything, so write out namespaces and names where you can.";
const ASK_AGAIN =
  "Try again; if it stays so, Perennial may not create subjectaccessreviews.authorization.k8s.io: see config/rbac/webhook.yaml.";

/** Undefined when the operator lacks nothing. A policy of kyverno.io is refused, as upstream; others wait for the grant. */
export function judgeOperator(
  lacks: readonly Lack[] | "too many",
  { answer, isForeign }: { answer: AdmissionAnswer; isForeign: boolean },
): AdmissionAnswer {
  const missing = lacks === "too many" ? [] : lacks.filter(({ isUnknown }) => !isUnknown);
  if (missing.length === 0 || !answer.allowed) return answer;
  if (!isForeign) return { ...answer, warnings: [...answer.warnings, ...missing.map(printWarning)] };
  const message = ["Perennial itself may not:", ...missing.map(printLack), GRANT].join("\n");
  return { allowed: false, message, warnings: answer.warnings, forbidden: true };
}

const GRANT = "Grant it with a ClusterRole that has the label perennial.dev/aggregate-to-operator.";

function printWarning({ need, verbs }: Lack): string {
  return `Perennial itself may not ${printWhat(need, verbs)}, so the rule waits (${need.path}): grant it with the label perennial.dev/aggregate-to-operator`;
}

function printLack({ need, verbs }: Lack): string {
  const { path } = need;
  const other =
    isUrlNeed(need) || need.or === undefined || need.or.length === 0 ? "" : ", nor all that the role grants";
  return `${path}: ${printWhat(need, verbs)}${other}`;
}

function printWhat(need: Need, verbs: readonly string[]): string {
  const what = verbs.includes("*") ? "do everything with" : verbs.join(", ");
  if (isUrlNeed(need)) return `${what} the path ${need.url}`;
  const { group, resource, name, namespace } = need;
  const kind = resource === "*" ? anyIn(group) : [resource, ...(group === "" ? [] : [group])].join(".");
  const named = name === undefined ? "" : ` ${name}`;
  return `${what} ${kind}${named}${printPlace(namespace)}`;
}

function anyIn(group: string): string {
  return group === "*" ? "every resource" : `every resource of the group ${group || '""'}`;
}

function printPlace(namespace: string | undefined): string {
  if (namespace === undefined) return "";
  return namespace === "" ? " in all namespaces" : ` in namespace ${namespace}`;
}

/** Of the operator, which watches what its rules read and write. What it is never to do itself is left out. */
export function needsOfOperator(needs: readonly Need[]): Need[] {
  return needs.flatMap((need): Need[] => {
    if (isUrlNeed(need)) return [need];
    if (need.resource === "*" || need.byOthers) return [];
    const writes = need.verbs.some((verb) => verb === "create" && need.verbs.includes("patch"));
    const reads = need.verbs.some((verb) => verb === "get" || verb === "list");
    if (!writes && !reads) return [need];
    const own = ["get", "list", "watch", ...need.verbs.filter((verb) => verb !== "get" && verb !== "list")];
    return [{ ...need, verbs: own }];
  });
}
