/** The writes: each carries a precondition, so that a late or repeated one does no harm. */

import {
  asJson,
  collectionPath,
  isJsonObject,
  type Json,
  type KubernetesObject,
  MANAGED_BY,
  MANAGER,
  type ObjectRef,
  objectPath,
  RELEASED_ANNOTATIONS,
  RELEASED_LABELS,
  type Resource,
} from "../object/index.ts";
import type { Answer, ApiRequest, ClusterClient } from "./client.ts";
import { type ApiFailure, unexpected } from "./failure.ts";

export type WriteAnswer = { ok: true; object: KubernetesObject; created: boolean } | { ok: false; failure: ApiFailure };

/**
 * Fields that a kind does not have are refused by every apply. Field validation would only look for keys that are there twice,
 * which no JSON of ours has, and parses the object once more for it: a fifth of what the write costs the API server [tried].
 */
const APPLY_QUERY = { force: "true", fieldValidation: "Ignore" };

/** `fieldManager`: perennial unless it is given; `subresource`: where it is sent, when not to the object itself. */
export type WriteOptions = { fieldManager?: string; subresource?: string | undefined };

/** Forced server-side apply. The precondition stands in the object: `metadata.resourceVersion` or `metadata.uid`. */
export async function applyObject(
  client: ClusterClient,
  resource: Resource,
  object: KubernetesObject,
  { fieldManager = MANAGER, subresource }: WriteOptions = {},
): Promise<WriteAnswer> {
  const ref = { ...resource, namespace: object.metadata.namespace ?? "", name: object.metadata.name };
  return objectAnswer(
    await client.send({
      method: "PATCH",
      path: pathOf(resource, ref, subresource),
      query: { fieldManager, ...APPLY_QUERY },
      contentType: "application/apply-patch+yaml",
      body: asJson(object),
    }),
  );
}

export type JsonPatch = (
  | { op: "add" | "replace" | "test"; path: string; value: Json }
  | { op: "remove"; path: string }
)[];

/** JSON patch; the first operation should replace /metadata/resourceVersion, so that a stale patch is a 409. */
export async function patchObject(
  client: ClusterClient,
  resource: Resource,
  ref: ObjectRef,
  patch: JsonPatch,
  { fieldManager = MANAGER, subresource }: WriteOptions = {},
): Promise<WriteAnswer> {
  return objectAnswer(
    await client.send({
      method: "PATCH",
      path: pathOf(resource, ref, subresource),
      query: { fieldManager, fieldValidation: "Strict" },
      contentType: "application/json-patch+json",
      body: patch,
    }),
  );
}

function pathOf(resource: Resource, ref: ObjectRef, subresource: string | undefined): string {
  const path = objectPath(resource, ref);
  return subresource === undefined ? path : `${path}/${subresource}`;
}

/** What the server would make of a new object: everything but storing it. Runs admission, and counts against quotas. */
export async function dryCreateObject(
  client: ClusterClient,
  resource: Resource,
  object: KubernetesObject,
): Promise<WriteAnswer> {
  return objectAnswer(
    await client.send({
      method: "POST",
      path: collectionPath(resource, object.metadata.namespace),
      query: { dryRun: "All", fieldManager: MANAGER, fieldValidation: "Strict" },
      body: asJson(object),
    }),
  );
}

/** Takes our marks off the object as it was read, so that it is nobody's; a manager's label that is not ours stays. */
export async function releaseObject(
  client: ClusterClient,
  resource: Resource,
  { metadata: live }: KubernetesObject,
): Promise<WriteAnswer> {
  const labels = RELEASED_LABELS.filter((key) => key !== MANAGED_BY || live.labels?.[key] === MANAGER);
  const metadata = {
    resourceVersion: live.resourceVersion ?? "",
    labels: nulls(labels),
    annotations: nulls(RELEASED_ANNOTATIONS),
  };
  return objectAnswer(
    await client.send({
      method: "PATCH",
      path: objectPath(resource, { ...resource, namespace: live.namespace ?? "", name: live.name }),
      query: { fieldManager: MANAGER },
      contentType: "application/merge-patch+json",
      body: { metadata },
    }),
  );
}

function nulls(keys: readonly string[]): { [key: string]: null } {
  return Object.fromEntries(keys.map((key) => [key, null]));
}

export async function deleteObject(
  client: ClusterClient,
  resource: Resource,
  ref: ObjectRef,
  uid: string,
): Promise<Answer> {
  const answer = await client.send({
    method: "DELETE",
    path: objectPath(resource, ref),
    body: { kind: "DeleteOptions", apiVersion: "v1", preconditions: { uid }, propagationPolicy: "Background" },
  });
  return !answer.ok || isStored(answer.body) || isSuccess(answer.body)
    ? answer
    : { ok: false, failure: unexpected("a delete", "neither an object nor a success") };
}

/** What is deleted at once is answered with a Status, what has finalizers with the object. */
function isSuccess(body: Json): boolean {
  return isJsonObject(body) && body.kind === "Status" && body.status === "Success";
}

export async function readObject(client: ClusterClient, resource: Resource, ref: ObjectRef): Promise<WriteAnswer> {
  return objectAnswer(await client.send({ method: "GET", path: objectPath(resource, ref) }));
}

/** Anything else that answers with an object: creates, status writes, reviews. */
export async function sendForObject(client: ClusterClient, request: ApiRequest): Promise<WriteAnswer> {
  return objectAnswer(await client.send(request));
}

function isStored(body: Json): boolean {
  return isJsonObject(body) && isJsonObject(body.metadata) && typeof body.metadata.uid === "string";
}

function objectAnswer(answer: Answer): WriteAnswer {
  if (!answer.ok) return answer;
  if (!isStored(answer.body)) return { ok: false, failure: unexpected("a write", "no object") };
  const object = answer.body as KubernetesObject; // the server answers a write with the object it stored
  return { ok: true, object, created: answer.status === 201 };
}
