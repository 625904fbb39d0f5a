/** What is asked of somebody, because no watch shows it: other paths of the API server, and services. */

import type { Bindings, Expression, Template } from "../expression/index.ts";
import { digestOf, isJsonObject, type Json, type JsonObject, printJson } from "../object/index.ts";
import type { BlockScope } from "./block-scope.ts";
import { type CallUrl, printCallUrl, templateOfUrl } from "./call-url.ts";
import { expressionFailed, type Failed, failed } from "./failed.ts";
import { type Answer, answerOf, type Call, type CallResult } from "./lookup.ts";
import { isSameForAll, namedBy } from "./resource-lookup.ts";
import type { Scope } from "./scope.ts";
import type { Source } from "./source.ts";
import type { Value } from "./value.ts";

export type WrittenCall = {
  method: Call["method"];
  url: CallUrl;
  /** Where the URL stands, such as `spec.rules[0].context[0].apiCall.urlPath`. */
  at: string;
  /** Of a POST. */
  data?: JsonObject;
  service?: { headers: { [name: string]: string }; caBundle: string | undefined };
  /** Why a path may not be called after all, now that it is known. */
  whyNot?(segments: readonly Json[]): Failed | undefined;
};

/** Undefined when there are issues, which are noted. `path`: of the apiCall. */
export function compileCallLookup(
  written: WrittenCall,
  { path, roots, build, expression }: BlockScope & { expression: Expression | undefined },
): Source | undefined {
  const { url, at, data, service } = written;
  const template = build.template(templateOfUrl(url), at, roots);
  const body = data === undefined ? undefined : build.template(data, `${path}.data`, roots);
  const headers = build.template(service?.headers ?? {}, `${path}.service.headers`, roots);
  if (template === undefined || headers === undefined || (data !== undefined && body === undefined)) return undefined;
  const call = new WatchedCall({ ...written, path, template, body, headerTemplate: headers, expression });
  return {
    uses: new Set([template, body, headers].flatMap((part) => [...(part?.reads ?? [])])),
    load: (scope, bindings) => call.load(scope, bindings),
  };
}

type Parts = Omit<WrittenCall, "data"> & {
  path: string;
  template: Template;
  body: Template | undefined;
  headerTemplate: Template;
  expression: Expression | undefined;
};

class WatchedCall {
  readonly #parts: Parts;
  /** Answers that are the same for every trigger. */
  readonly #answers = new WeakMap<CallResult, Answer>();
  readonly #isShared: boolean;

  constructor(parts: Parts) {
    this.#parts = parts;
    const { expression } = parts;
    this.#isShared = isSameForAll(expression);
  }

  load(scope: Scope, bindings: Bindings): Value {
    const call = this.#callFor(scope, bindings);
    if ("ok" in call) return call;
    const { expression } = this.#parts;
    const asked = this.#isShared ? {} : namedBy(expression, bindings);
    const { environment } = scope;
    const answerNow = (result: CallResult): Answer => {
      if (!result.ok) return this.#failed(call, result.message);
      if (expression === undefined) return answerOf(result, this.#parts.path);
      const evaluated = expression.evaluate(asked, environment, result.value);
      return answerOf(evaluated.ok ? evaluated : expressionFailed(evaluated.error), this.#parts.path);
    };
    return scope.snapshot.call({ call, answer: (result) => this.#remembered(result, answerNow) });
  }

  /** Failures name the call, which is another one for each trigger. */
  #remembered(result: CallResult, answer: (result: CallResult) => Answer): Answer {
    if (!this.#isShared || !result.ok) return answer(result);
    const known = this.#answers.get(result) ?? answer(result);
    this.#answers.set(result, known);
    return known;
  }

  /** Of a service no more than the host: the rest of its URL may be secret. */
  #failed({ method, url, service }: Call, message: string): Answer {
    const place = service === undefined ? url.replace(/\?.*/s, "") : new URL(url).origin;
    return answerOf(failed("ContextMissing", `${this.#parts.path}: ${method} ${place}: ${message}`), this.#parts.path);
  }

  #callFor(scope: Scope, bindings: Bindings): Call | Failed {
    const { template, body, headerTemplate, method, service, at, url: written, whyNot } = this.#parts;
    const values = scope.evaluateWith(template, bindings);
    if (!values.ok) return values;
    const url = printCallUrl(values.value, written);
    if (typeof url !== "string") return failed("ExpressionFailed", `${at}: ${url.problem}`);
    const refused = whyNot?.(segmentsOf(values.value));
    if (refused !== undefined) return refused;
    const data = body === undefined ? undefined : scope.evaluateWith(body, bindings);
    if (data?.ok === false) return data;
    const headers = scope.evaluateWith(headerTemplate, bindings);
    if (!headers.ok) return headers;
    const wrong = whyNoHeaders(headers.value, this.#parts.path);
    if (wrong !== undefined) return wrong;
    const text = data === undefined ? undefined : printJson(data.value);
    return keyed({
      ...{ method, url, body: text },
      // texts, as was just checked
      service: service && { headers: headers.value as { [name: string]: string }, caBundle: service.caBundle },
    });
  }
}

function segmentsOf(values: Json): Json[] {
  return isJsonObject(values) && Array.isArray(values.segments) ? values.segments : [];
}

/** A line break would end the header; what it holds may be secret. */
function whyNoHeaders(headers: Json, path: string): Failed | undefined {
  const wrong = Object.entries(isJsonObject(headers) ? headers : {}).find(
    ([, value]) => typeof value !== "string" || !/^[\t\x20-\x7e]*$/.test(value),
  );
  if (wrong === undefined) return undefined;
  return failed("ExpressionFailed", `${path}.service.headers: the value of ${wrong[0]} is not one line of ASCII text`);
}

function keyed(call: Omit<Call, "key">): Call {
  const { method, url, body, service } = call;
  const headers = Object.entries(service?.headers ?? {}).flat();
  const ofService = service === undefined ? [] : ["service", service.caBundle ?? "", ...headers];
  return { ...call, key: digestOf([method, url, body ?? "", ...ofService]) };
}
