/** Names in a rule: some are written out, some may hold variables and are then checked as far as they are written out. */

import type { z } from "zod";
import { constrained, stringRule } from "./field.ts";
import { expression, text } from "./value.ts";

const API_VERSION = "^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?v[0-9]+((alpha|beta)[0-9]+)?$";
const KIND = "^[A-Z][A-Za-z0-9]*$";
const NAMESPACE = "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$";
const SEGMENT = "^[^/%]+$";

/** Of a name with its expressions: the API server's estimate of what its rules cost grows with it. */
const LENGTH = 1024;

/** Written out, so that permissions and watches are known before anything runs. */
export function literalApiVersion(description: string, { deepOnly = false } = {}): z.ZodString {
  return constrained(
    text(description),
    stringRule({
      code: "InvalidKind",
      ...(deepOnly ? {} : { cel: `self.matches('${API_VERSION}')` }),
      message: "apiVersion is written out, such as v1 or networking.k8s.io/v1: no variables, no wildcards",
      holds: (value) => new RegExp(API_VERSION).test(value),
    }),
  );
}

export function literalKind(description: string, { deepOnly = false } = {}): z.ZodString {
  return constrained(
    text(description, 63),
    stringRule({
      code: "InvalidKind",
      ...(deepOnly ? {} : { cel: `self.matches('${KIND}')` }),
      message: "kind is one kind, written out as in a manifest, such as NetworkPolicy: no variables, no wildcards",
      holds: (value) => new RegExp(KIND).test(value),
    }),
  );
}

/** `deepOnly`: in lists of lists, where the API server's estimate leaves no room for a rule. */
export function objectName(description: string, { deepOnly = false } = {}): z.ZodString {
  return constrained(
    expression(description, LENGTH),
    closed,
    stringRule({
      code: "InvalidName",
      ...(deepOnly ? {} : { cel: `${VARIES} || self.matches('${SEGMENT}')` }),
      message: "no object can have this name: names hold neither / nor %",
      holds: (value) => varies(value) || (new RegExp(SEGMENT).test(value) && value.length <= 253),
    }),
  );
}

/** In a Policy the only namespace is its own; metadata.namespace is out of CEL's sight, so the operator says so. */
export function namespaceName(description: string, { deepOnly = false } = {}): z.ZodString {
  return constrained(
    expression(description, LENGTH),
    closed,
    stringRule({
      code: "InvalidName",
      ...(deepOnly ? {} : { cel: `${VARIES} || self.matches('${NAMESPACE}')` }),
      message: "no namespace can have this name: at most 63 lower-case letters, digits and -, such as team-a",
      holds: (value) => varies(value) || new RegExp(NAMESPACE).test(value),
    }),
    stringRule({
      code: "OutsideNamespace",
      only: "Policy",
      message: "a Policy reaches only its own namespace: write that, or make this a ClusterPolicy",
      holds: (value, policy) => varies(value) || value === policy.namespace,
    }),
  );
}

/** Only here: elsewhere two braces may be meant as text. */
const closed = stringRule({
  code: "InvalidExpression",
  message: "a variable begins with {{ and does not end: close it with }}",
  holds: (value) => value.lastIndexOf("{{") <= value.lastIndexOf("}}"),
});

const VARIES = "self.contains('{{') || self.contains('$(')";

/** Known only when there is a trigger: `{{ variables }}` and `$(references)`. */
function varies(value: string): boolean {
  return value.includes("{{") || value.includes("$(");
}
