/** From an object of the API server, or of a file, to a policy that can be trusted to be well-formed. */

import { isJsonObject, type Json, type JsonObject, ownValue } from "../object/index.ts";
import { checkValue } from "./check.ts";
import type { PolicyIdentity } from "./field.ts";
import { type Issue, type IssueAt, sortIssues } from "./issue.ts";
import { type AnyPolicy, GROUP, VERSION } from "./policy.ts";
import { spec } from "./spec.ts";
import { status } from "./status.ts";

export type ParsedPolicy = { policy: AnyPolicy } | { issues: Issue[] };

/**
 * `issues` has everything that is wrong, sorted by path. The policy shares its content with the argument. `offline`: for a
 * command that looks at it without a cluster, and knows more of the language than the operator serves.
 */
export function parsePolicy(object: JsonObject, { offline = false }: { offline?: boolean } = {}): ParsedPolicy {
  if (isDeeperThan(object, MAX_DEPTH)) return { issues: [TOO_DEEP] };
  const found = [...checkEnvelope(object), ...checkSpec(object, offline)];
  if (found.length > 0) return { issues: sortIssues(found) };
  return { policy: withReadableStatus(object) as AnyPolicy }; // a parse edge: every field of it was just checked
}

/** The status is ours, but another version may have written it: then it counts as absent and is written anew. */
function withReadableStatus(object: JsonObject): JsonObject {
  const { status: written, ...rest } = object;
  return written !== undefined && status.safeParse(written).success ? object : rest;
}

/** Far more than any object needs, and little enough for all code that walks a policy by calling itself. */
const MAX_DEPTH = 120;

const TOO_DEEP: Issue = {
  code: "OutOfBounds",
  path: "spec",
  message: `the policy is nested more than ${MAX_DEPTH} levels deep, which no object needs: flatten it`,
};

function isDeeperThan(value: Json, levels: number): boolean {
  if (value === null || typeof value !== "object") return false;
  return levels === 0 || Object.values(value).some((child) => isDeeperThan(child, levels - 1));
}

function checkEnvelope(object: JsonObject): IssueAt[] {
  const issues: IssueAt[] = [];
  const metadata = fieldsOf(object, "metadata");
  const { apiVersion, kind } = object;
  if (apiVersion !== `${GROUP}/${VERSION}`) {
    issues.push({
      code: "InvalidValue",
      at: ["apiVersion"],
      value: apiVersion,
      message: `has to be ${GROUP}/${VERSION}`,
    });
  }
  if (kind !== "ClusterPolicy" && kind !== "Policy") {
    issues.push({ code: "InvalidValue", at: ["kind"], value: kind, message: "has to be ClusterPolicy or Policy" });
  }
  return [...issues, ...checkName(metadata), ...checkNamespace(kind, metadata), ...checkTopLevel(object)];
}

function checkName(metadata: JsonObject): IssueAt[] {
  const name = ownValue(metadata, "name");
  const at = ["metadata", "name"];
  if (typeof name !== "string" || name === "") return [{ code: "MissingField", at, message: "a policy needs a name" }];
  return name.length <= 63 ? [] : [{ code: "InvalidName", at, value: name, message: LONG_NAME }];
}

function checkNamespace(kind: Json | undefined, metadata: JsonObject): IssueAt[] {
  const at = ["metadata", "namespace"];
  const isMissing = kind === "Policy" && typeof ownValue(metadata, "namespace") !== "string";
  return isMissing ? [{ code: "MissingField", at, message: "a Policy lies in a namespace: name it" }] : [];
}

const FIELDS = ["apiVersion", "kind", "metadata", "spec", "status"];

function checkTopLevel(object: JsonObject): IssueAt[] {
  return Object.keys(object)
    .filter((field) => !FIELDS.includes(field))
    .map((field) => ({
      code: "UnknownField",
      at: [field],
      message: "a policy has no such field: move it into spec, or remove it",
    }));
}

function checkSpec(object: JsonObject, offline: boolean): IssueAt[] {
  const value = ownValue(object, "spec");
  if (value === undefined) return [{ code: "MissingField", at: ["spec"], message: "a policy needs a spec with rules" }];
  return checkValue(spec, value, { at: ["spec"], policy: identityOf(object), offline });
}

function identityOf(object: JsonObject): PolicyIdentity {
  if (object.kind !== "Policy") return { kind: "ClusterPolicy", namespace: "" };
  const namespace = ownValue(fieldsOf(object, "metadata"), "namespace");
  return { kind: "Policy", namespace: typeof namespace === "string" ? namespace : "" };
}

function fieldsOf(object: JsonObject, field: string): JsonObject {
  const value = ownValue(object, field);
  return isJsonObject(value) ? value : {};
}

/** Said by the API server in the same words. */
export const LONG_NAME = "a policy's name has at most 63 characters, as it becomes a label value: shorten it";
