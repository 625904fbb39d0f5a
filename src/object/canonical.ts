/**
 * Desired content in the form that the API server stores, so that it can be compared (reference: exact drift, rule 1).
 * Without it a Secret's stringData would never equal its data, and an empty `ingress: []` would be a write for ever.
 */

import { isJsonObject, type Json, type JsonObject, setOwn } from "./json.ts";
import { asJson, type KubernetesObject } from "./object.ts";
import { groupOf } from "./reference.ts";

/** A new object; the argument is not changed. */
export function canonicalObject(object: KubernetesObject): KubernetesObject {
  const { status: _status, ...rest } = dropNulls(asJson(object)) as KubernetesObject; // the same shape, less its nulls
  const kind = `${groupOf(object.apiVersion)}/${object.kind}`;
  if (kind === "/Secret") return canonicalSecret(rest);
  if (kind === "/ConfigMap") return canonicalBytes(rest, "binaryData");
  if (kind === "rbac.authorization.k8s.io/ClusterRole") return canonicalRole(rest);
  if (kind === "networking.k8s.io/NetworkPolicy") return { ...rest, ...dropEmptySelections(rest.spec as Json) };
  return rest;
}

function dropNulls(value: Json): Json {
  if (Array.isArray(value)) return value.map(dropNulls);
  if (!isJsonObject(value)) return value;
  const kept: JsonObject = {};
  for (const key of Object.keys(value)) {
    const child = value[key];
    if (child !== null && child !== undefined) setOwn(kept, key, dropNulls(child));
  }
  return kept;
}

/** Where roles are aggregated, the control plane writes the rules, and whatever stands there is overwritten. */
function canonicalRole(role: KubernetesObject): KubernetesObject {
  const { rules: _rules, ...rest } = role;
  return role.aggregationRule === undefined ? role : rest;
}

function canonicalSecret(secret: KubernetesObject): KubernetesObject {
  const { stringData, ...rest } = asJson(secret);
  if (!isJsonObject(stringData)) return canonicalBytes(secret, "data");
  const data: JsonObject = isJsonObject(rest.data) ? { ...rest.data } : {};
  for (const key of Object.keys(stringData)) setOwn(data, key, Buffer.from(String(stringData[key])).toString("base64"));
  return canonicalBytes({ ...(rest as KubernetesObject), data }, "data"); // the Secret, less its stringData
}

/** The server decodes and encodes base64 anew: line breaks and missing padding do not survive. */
function canonicalBytes(object: KubernetesObject, field: string): KubernetesObject {
  const values = asJson(object)[field];
  if (!isJsonObject(values)) return object;
  const encoded: JsonObject = {};
  for (const key of Object.keys(values)) {
    const value = values[key] ?? null;
    setOwn(encoded, key, typeof value === "string" ? Buffer.from(value, "base64").toString("base64") : value);
  }
  return { ...object, [field]: encoded };
}

/** NetworkPolicy drops empty lists and empty matchLabels on every apply, with a new generation each time. */
function dropEmptySelections(spec: Json | undefined): JsonObject {
  return isJsonObject(spec) ? { spec: withoutEmpty(spec) } : {};
}

function withoutEmpty(value: Json): Json {
  if (Array.isArray(value)) return value.map(withoutEmpty);
  if (!isJsonObject(value)) return value;
  const kept: JsonObject = {};
  for (const key of Object.keys(value)) {
    const child = withoutEmpty(value[key] ?? null);
    const empty = Array.isArray(child) ? child.length === 0 : key === "matchLabels" && isEmptyObject(child);
    if (!empty) setOwn(kept, key, child);
  }
  return kept;
}

function isEmptyObject(value: Json): boolean {
  return isJsonObject(value) && Object.keys(value).length === 0;
}
