/** The resource or collection that a urlPath names, watched instead of called. */

import type { Bindings, Expression, Template } from "../expression/index.ts";
import {
  asJson,
  type Json,
  type JsonObject,
  type KubernetesObject,
  printJson,
  printRef,
  type Resource,
  resourceApiVersion,
} from "../object/index.ts";
import type { BlockScope } from "./block-scope.ts";
import { expressionFailed, type Failed, failed } from "./failed.ts";
import { holdsInstallationKey } from "./installation-key.ts";
import { type Answer, answerOf, type Found } from "./lookup.ts";
import { readOf } from "./place.ts";
import { needToList, needToReadOne } from "./read-needs.ts";
import type { Scope } from "./scope.ts";
import { parseFieldSelector, parseLabelSelector, type Selects } from "./selector-text.ts";
import type { Source } from "./source.ts";
import type { UrlPath } from "./url-path.ts";
import type { Value } from "./value.ts";

/** Undefined when there are issues, which are noted. `path`: of the apiCall. */
export function compileResourceLookup(
  url: UrlPath,
  resource: Resource | undefined,
  { path, roots, build, expression }: BlockScope & { expression: Expression | undefined },
): Source | undefined {
  const place = build.template(placeOf(url), `${path}.urlPath`, roots);
  if (place === undefined) return undefined;
  if (resource !== undefined) build.reads.push(readOf(url, resource, build.confinedTo));
  const read = { path: `${path}.urlPath`, namespace: url.namespace, name: url.name, confinedTo: build.confinedTo };
  build.needs.push((url.name === undefined ? needToList : needToReadOne)(resource ?? url, read));
  const parts = { path, place, resource, expression, confinedTo: build.confinedTo, isOne: url.name !== undefined };
  const call = new ResourceCall(parts);
  return { uses: place.reads, load: (scope, bindings) => call.load(scope, bindings) };
}

function placeOf({ namespace, name, labelSelector, fieldSelector }: UrlPath): JsonObject {
  const place = { namespace, name, labelSelector, fieldSelector };
  return Object.fromEntries(Object.entries(place).flatMap(([key, text]) => (text === undefined ? [] : [[key, text]])));
}

type Parts = {
  path: string;
  place: Template;
  resource: Resource | undefined;
  expression: Expression | undefined;
  confinedTo: string | undefined;
  isOne: boolean;
};

type Place = { namespace: string | undefined; name: string | undefined; selectors: string; selects: Selects };

class ResourceCall {
  readonly #parts: Parts;
  /** Answers that are the same for every trigger, by what was found and by the selectors. */
  readonly #answers = new WeakMap<object, Map<string, Answer>>();
  readonly #isShared: boolean;

  constructor(parts: Parts) {
    this.#parts = parts;
    const { expression } = parts;
    this.#isShared = isSameForAll(expression);
  }

  load(scope: Scope, bindings: Bindings): Value {
    const { place: template, resource, path } = this.#parts;
    const result = scope.evaluateWith(template, bindings);
    if (!result.ok) return result;
    const place = this.#readPlace(result.value as JsonObject); // the shape that was compiled
    if ("ok" in place) return place;
    if (resource === undefined) return failed("KindUnknown", `${path}: its resource is not served by the API server`);
    const { namespace, name } = place;
    const asked = this.#isShared ? {} : namedBy(this.#parts.expression, bindings);
    const { environment } = scope;
    const answer = (found: Found): Answer => this.#answer(found, { place, resource, asked, environment });
    return scope.snapshot.look({ resource, namespace, name, answer });
  }

  #readPlace(evaluated: JsonObject): Place | Failed {
    const { path, confinedTo, resource } = this.#parts;
    const texts: { [part: string]: string } = {};
    for (const [part, value] of Object.entries(evaluated)) {
      const isText =
        (typeof value === "string" && (value !== "" || part.endsWith("Selector"))) || typeof value === "number";
      if (!isText)
        return failed("ExpressionFailed", `${path}.urlPath: its ${part} must be a text, not ${printJson(value)}`);
      texts[part] = String(value);
    }
    const { namespace, name, labelSelector = "", fieldSelector = "" } = texts;
    const own = resource?.namespaced === false ? name : namespace;
    if (confinedTo !== undefined && own !== confinedTo)
      return failed("OutsideNamespace", `${path}.urlPath: a Policy reads only in its own namespace, ${confinedTo}`);
    const labels = parseLabelSelector(labelSelector);
    const fields = parseFieldSelector(fieldSelector);
    if (labels === undefined || fields === undefined) {
      const malformed = labels === undefined ? `labelSelector ${labelSelector}` : `fieldSelector ${fieldSelector}`;
      return failed("ExpressionFailed", `${path}.urlPath: ${malformed} is no selector`);
    }
    const selects: Selects = (object) => labels(object) && fields(object);
    return { namespace, name, selectors: `${labelSelector}\n${fieldSelector}`, selects };
  }

  #answer(found: Found, asking: Asking): Answer {
    if (found === undefined || !this.#isShared) return this.#answerNow(found, asking);
    const known = this.#answers.get(found)?.get(asking.place.selectors);
    if (known !== undefined) return known;
    const answer = this.#answerNow(found, asking);
    const answers = this.#answers.get(found) ?? new Map<string, Answer>();
    this.#answers.set(found, answers.set(asking.place.selectors, answer));
    return answer;
  }

  #answerNow(found: Found, { place, resource, asked, environment }: Asking): Answer {
    const { path, expression } = this.#parts;
    if (found === undefined || (!isList(found) && holdsInstallationKey(found))) {
      const ref = { ...resource, namespace: place.namespace ?? "", name: place.name ?? "" };
      const message = `${path}: ${printRef(ref)} does not exist; create it, or give a default`;
      return answerOf(failed("ContextMissing", message), path);
    }
    const isMeant = (object: KubernetesObject): boolean => place.selects(object) && !holdsInstallationKey(object);
    const document = isList(found) ? listOf(found.filter(isMeant), resource) : asJson(found);
    if (expression === undefined) return answerOf({ ok: true, value: document }, path);
    const result = expression.evaluate(asked, environment, document);
    return answerOf(result.ok ? result : expressionFailed(result.error), path);
  }
}

type Asking = { place: Place; resource: Resource; asked: Bindings; environment: Parameters<Expression["evaluate"]>[1] };

/** Whoever asks, and whenever. */
export function isSameForAll(expression: Expression | undefined): boolean {
  return expression === undefined || !(expression.reads.size > 0 || expression.usesClock || expression.usesRandom);
}

/** Only what the expression names: the question may be kept for long. */
export function namedBy(expression: Expression | undefined, bindings: Bindings): Bindings {
  const roots = new Set([...(expression?.reads ?? [])].map((read) => read.replace(/\..*/s, "")));
  return Object.fromEntries(
    [...roots].flatMap((root) => (Object.hasOwn(bindings, root) ? [[root, bindings[root] ?? null]] : [])),
  );
}

function isList(found: NonNullable<Found>): found is readonly KubernetesObject[] {
  return Array.isArray(found);
}

/** As the API server answers. */
function listOf(items: readonly KubernetesObject[], resource: Resource): Json {
  return {
    apiVersion: resourceApiVersion(resource),
    kind: `${resource.kind}List`,
    metadata: {},
    items: items.map(asJson),
  };
}
