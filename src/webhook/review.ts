/** An AdmissionReview (admission.k8s.io/v1) as a request of ours, and an answer of ours as an AdmissionReview. */

import {
  type Difference,
  isJsonObject,
  type Json,
  type JsonObject,
  type KubernetesObject,
  printJson,
} from "../object/index.ts";

export type Operation = "CREATE" | "UPDATE" | "DELETE" | "CONNECT";

export type AdmissionRequest = {
  uid: string;
  operation: Operation;
  /** Undefined for DELETE. What is sent to connect, such as PodExecOptions, has no metadata but the name that it is sent to. */
  object: KubernetesObject | undefined;
  /** As it was stored; undefined for CREATE. */
  oldObject: KubernetesObject | undefined;
  /** What the request says besides the objects, as it came: userInfo, dryRun, namespace and the like; and an object without metadata. */
  fields: JsonObject;
};

/** `message`: why not; `forbidden`: it lies in who asks, not in what is asked for. `warnings` are shown to who sent the request, whether it is allowed or not. */
export type AdmissionAnswer =
  | { allowed: true; warnings: readonly string[]; patch?: readonly Difference[] }
  | { allowed: false; message: string; warnings: readonly string[]; forbidden?: true };

export const ALLOWED: AdmissionAnswer = { allowed: true, warnings: [] };

const API_VERSION = "admission.k8s.io/v1";
const OPERATIONS: readonly string[] = ["CREATE", "UPDATE", "DELETE", "CONNECT"];

/** `problem`: why it is none that can be answered. */
export function readReview(review: Json): { request: AdmissionRequest } | { problem: string } {
  if (!isJsonObject(review) || review.kind !== "AdmissionReview") return { problem: "it is no AdmissionReview" };
  if (review.apiVersion !== API_VERSION) return { problem: `its apiVersion has to be ${API_VERSION}` };
  const { request } = review;
  if (!isJsonObject(request)) return { problem: "it has no request" };
  const { uid, operation } = request;
  if (typeof uid !== "string" || uid === "") return { problem: "its request has no uid" };
  if (!isOperation(operation)) return { problem: `request.operation has to be one of ${OPERATIONS.join(", ")}` };
  const [sent, oldObject] = [request.object ?? null, request.oldObject ?? null];
  const isBare = operation === "CONNECT" && isJsonObject(sent) && sent.metadata === undefined;
  const object = isBare ? { ...sent, metadata: { name: request.name ?? "" } } : sent;
  if (object !== null && !isObject(object)) return { problem: "request.object is no Kubernetes object" };
  if (oldObject !== null && !isObject(oldObject)) return { problem: "request.oldObject is no Kubernetes object" };
  const { object: _object, oldObject: _oldObject, ...fields } = request;
  const told = isBare ? { ...fields, object: sent } : fields;
  return { request: { uid, operation, object: object ?? undefined, oldObject: oldObject ?? undefined, fields: told } };
}

/** A refusal is a 422, as for what the definition of a kind refuses, or a 403, as for what RBAC refuses. */
export function printReview(uid: string, answer: AdmissionAnswer): JsonObject {
  const status = answer.allowed ? {} : { status: { ...codeOf(answer), message: answer.message } };
  const warnings = answer.warnings.length === 0 ? {} : { warnings: boundedWarnings(answer.warnings) };
  return {
    apiVersion: API_VERSION,
    kind: "AdmissionReview",
    response: { uid, allowed: answer.allowed, ...status, ...warnings, ...patchOf(answer) },
  };
}

function patchOf(answer: AdmissionAnswer): JsonObject {
  if (!answer.allowed || answer.patch === undefined || answer.patch.length === 0) return {};
  const patch = printJson(answer.patch.map((step) => ({ ...step })));
  return { patchType: "JSONPatch", patch: Buffer.from(patch).toString("base64") };
}

function codeOf({ forbidden }: { forbidden?: true }): JsonObject {
  return forbidden === undefined ? { code: 422, reason: "Invalid" } : { code: 403, reason: "Forbidden" };
}

/** Bytes of one warning and of all that the API server hands on; it cuts off what is more, in the middle of a word. */
const LONGEST_WARNING = 250;
const MOST_WARNINGS = 4_000;

function boundedWarnings(warnings: readonly string[]): string[] {
  const kept: string[] = [];
  let left = MOST_WARNINGS;
  for (const warning of warnings) {
    const text = warning.length > LONGEST_WARNING ? `${warning.slice(0, LONGEST_WARNING - 3)}...` : warning;
    left -= Buffer.byteLength(text);
    if (left < 0) break;
    kept.push(text);
  }
  return kept;
}

function isOperation(value: Json | undefined): value is Operation {
  return typeof value === "string" && OPERATIONS.includes(value);
}

/** An object that is created with generateName has no name yet. */
function isObject(value: Json): value is JsonObject & KubernetesObject {
  if (!isJsonObject(value) || typeof value.apiVersion !== "string" || typeof value.kind !== "string") return false;
  return isJsonObject(value.metadata);
}
