/** context.configMap: data and metadata of a ConfigMap, which is watched. */

import { asJson, type JsonObject, type KubernetesObject, printJson, printRef } from "../object/index.ts";
import type { ContextEntry } from "../policy/index.ts";
import type { BlockScope } from "./block-scope.ts";
import { failed } from "./failed.ts";
import { type Answer, answerOf, type Found } from "./lookup.ts";
import { readOf } from "./place.ts";
import { needToReadOne } from "./read-needs.ts";
import type { Source } from "./source.ts";

type ConfigMap = NonNullable<ContextEntry["configMap"]>;

/** Undefined when there are issues, which are noted. */
export function compileConfigMapEntry(
  { name, namespace: written }: ConfigMap,
  { path, roots, build }: BlockScope,
): Source | undefined {
  const namespace = written ?? build.confinedTo ?? "default";
  const template = build.template({ name, namespace }, path, roots);
  const resource = build.resource("v1", "ConfigMap", path);
  if (template === undefined || resource === undefined) return undefined;
  build.reads.push(readOf({ name, namespace }, resource, build.confinedTo));
  const { confinedTo } = build;
  build.needs.push(needToReadOne(resource, { path, name, namespace, confinedTo }));
  const answers = new WeakMap<KubernetesObject, Answer>();
  return {
    uses: template.reads,
    load(scope, bindings) {
      const result = scope.evaluateWith(template, bindings);
      if (!result.ok) return result;
      const place = result.value as JsonObject; // the shape that was compiled
      const wrong = whyNoPlace(place, path);
      if (wrong !== undefined) return failed("ExpressionFailed", wrong);
      const ref = { group: "", kind: "ConfigMap", namespace: String(place.namespace), name: String(place.name) };
      if (confinedTo !== undefined && ref.namespace !== confinedTo)
        return failed("OutsideNamespace", `${path}: a Policy reads only in its own namespace, ${confinedTo}`);
      const missing = `${path}: ${printRef(ref)} does not exist; create it, or correct its name and namespace`;
      const answer = (found: Found): Answer => answerTo(found, { path, missing, answers });
      return scope.snapshot.look({ resource, namespace: ref.namespace, name: ref.name, answer });
    },
  };
}

function whyNoPlace(place: JsonObject, path: string): string | undefined {
  const wrong = ["name", "namespace"].find((field) => typeof place[field] !== "string" || place[field] === "");
  return wrong === undefined ? undefined : `${path}.${wrong} must give a name, not ${printJson(place[wrong] ?? null)}`;
}

/** The same for everybody who reads it. */
function answerTo(
  found: Found,
  { path, missing, answers }: { path: string; missing: string; answers: WeakMap<KubernetesObject, Answer> },
): Answer {
  if (found === undefined || isList(found)) return answerOf(failed("ContextMissing", missing), path);
  const known = answers.get(found);
  if (known !== undefined) return known;
  const { data = {}, metadata = {} } = asJson(found);
  const answer = answerOf({ ok: true, value: { data, metadata } }, path);
  answers.set(found, answer);
  return answer;
}

function isList(found: NonNullable<Found>): found is readonly KubernetesObject[] {
  return Array.isArray(found);
}
