/** A request as a change that rules act on: what it was sent to, and what was sent. */

import { asJson, isJsonObject, type Json, type JsonObject, type KubernetesObject } from "../object/index.ts";
import type { Change, RequestedResource } from "../rule/index.ts";
import type { AdmissionRequest } from "./review.ts";

/** `trigger`: what was sent, under the name and in the namespace of the request; of a deletion what was deleted. */
export type RequestedChange = Change & {
  trigger: KubernetesObject;
  request: JsonObject;
  /** The resource of the path, of which the kind is known to rules only. */
  asked: RequestedResource;
};

/** Undefined where nothing comes of the request: it is a dry run, or says nothing of what it is about. */
export function requestedChange(request: AdmissionRequest): RequestedChange | undefined {
  const { operation, fields } = request;
  const oldObject = withoutManagedFields(request.oldObject);
  const object = withoutManagedFields(request.object) ?? oldObject;
  const asked = requestedResource(request);
  if (fields.dryRun === true || object === undefined || asked === undefined) return undefined;
  return {
    operation,
    oldObject,
    trigger: placed(object, fields),
    request: { object: asJson(object), oldObject: oldObject === undefined ? null : asJson(oldObject), ...fields },
    asked,
  };
}

/** It is kept until it is acted on: most of its bytes, and nothing that a watch shows to rules either. */
function withoutManagedFields(object: KubernetesObject | undefined): KubernetesObject | undefined {
  if (object?.metadata.managedFields === undefined) return object;
  const { managedFields: _managedFields, ...metadata } = object.metadata;
  return { ...object, metadata };
}

/** Undefined where the request does not say. */
export function requestedResource({ fields }: AdmissionRequest): RequestedResource | undefined {
  const { resource, subResource } = fields;
  if (!isJsonObject(resource)) return undefined;
  const { group, version, resource: plural } = resource;
  return {
    ...{ group: textOf(group), version: textOf(version), plural: textOf(plural) },
    subresource: textOf(subResource),
  };
}

/** What is sent to a subresource need not say where. */
function placed(object: KubernetesObject, { name, namespace }: JsonObject): KubernetesObject {
  const { namespace: _namespace, ...metadata } = object.metadata;
  const isNamespace = object.kind === "Namespace" && object.apiVersion === "v1"; // which is said to lie in itself
  const place = isNamespace || textOf(namespace) === "" ? {} : { namespace: textOf(namespace) };
  return { ...object, metadata: { ...metadata, ...place, name: textOf(name) || (metadata.name ?? "") } };
}

function textOf(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}
