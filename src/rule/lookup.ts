/**
 * A question about what is stored, asked by a context entry. It can be asked again, without planning, when something
 * changes: only another answer makes the claim be planned again.
 */

import { contentDigest, type Json, type KubernetesObject, type Resource } from "../object/index.ts";
import { failed } from "./failed.ts";
import type { Value } from "./value.ts";

/** A call that was made: its answer, or why there is none. */
export type CallResult = { ok: true; value: Json } | { ok: false; message: string };

/** A question that nothing stored answers. Plain data: calls with the same key are one. */
export type Call = {
  key: string;
  method: "GET" | "POST";
  /** A path of the API server with its query; or, with `service`, a URL. */
  url: string;
  body: string | undefined;
  service: { headers: { [name: string]: string }; caBundle: string | undefined } | undefined;
};

/** A question about what a call answers, as `Lookup` is about what is stored. */
export type CalledLookup = { call: Call; answer(result: CallResult): Answer };

/** One object by its name, or undefined when it is not there; or a list, by namespace and name. */
export type Found = KubernetesObject | readonly KubernetesObject[] | undefined;

export type Answer = { value: Value; digest: string };

export type Lookup = {
  resource: Resource;
  /** Undefined: cluster-scoped, or objects of all namespaces. */
  namespace: string | undefined;
  /** Undefined: a list. */
  name: string | undefined;
  answer(found: Found): Answer;
};

/** As much as the context of a rule may hold of one thing. */
const LARGEST = 2 * 1024 * 1024;

/** `path`: of the entry that asks. */
export function answerOf(value: Value, path: string): Answer {
  if (!value.ok) return { value, digest: `${value.reason}: ${value.message}` };
  const text = JSON.stringify(value.value, withoutBookkeeping);
  if (text.length <= LARGEST) return { value, digest: contentDigest(text) };
  const message = `${path} gives more than ${LARGEST / 1024 / 1024} MiB; take less of it with jmesPath`;
  return { value: failed("ExpressionFailed", message), digest: message };
}

/** What changes with every write says nothing by itself. */
function withoutBookkeeping(key: string, value: unknown): unknown {
  return key === "resourceVersion" || key === "managedFields" ? undefined : value;
}
