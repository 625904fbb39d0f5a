/** `kind: Node/status`, `kind: Deployment/scale`: a part of an object that is changed through a path of its own. */

import {
  applyJsonPatch,
  asJson,
  type Difference,
  type Json,
  type JsonObject,
  type KubernetesObject,
  type Path,
  printJson,
  printPointer,
  type Resource,
  resourceApiVersion,
  valueAt,
} from "../object/index.ts";
import type { Build } from "./build.ts";
import { failed } from "./failed.ts";
import { firstDifference } from "./first-difference.ts";
import type { Mutated, MutationPart } from "./rule.ts";
import { type Scaled, scaledOf, scaleOf } from "./scale.ts";

export type TargetPart = MutationPart & {
  /** What `target` is, and what is patched: the object, or its Scale. */
  viewOf(object: KubernetesObject): KubernetesObject;
  /** The object with what was changed of the view; a failure where that is more than this part takes. */
  put(object: KubernetesObject, view: KubernetesObject): Mutated;
};

type Written = { path: string; kind: string; build: Build };

/** Undefined when there are issues, which are noted. */
export function compileTargetPart(
  name: string,
  resource: Resource,
  { path, kind, build }: Written,
): TargetPart | undefined {
  const whyNot = whyNoPart(name, resource);
  if (whyNot !== undefined) {
    build.issues.push({ code: "InvalidKind", path: `${path}.kind`, value: kind, message: whyNot });
    return undefined;
  }
  const scaled = name === "scale" ? scaledOf(resource) : undefined;
  return scaled === undefined ? statusPart(path) : scalePart(path, scaled);
}

function whyNoPart(name: string, resource: Resource): string | undefined {
  const { kind, subresources } = resource;
  const known = subresources?.find((subresource) => subresource.name === name);
  const whole = `target ${kind} itself, or another kind`;
  if (subresources !== undefined && known?.verbs.includes("patch") !== true)
    return `${kind} of ${resourceApiVersion(resource)} has no ${name} that could be patched: ${whole}`;
  if (name !== "scale" || scaledOf(resource) !== undefined) return undefined;
  return `where ${kind} keeps its replicas is not known, as no CustomResourceDefinition says it: ${whole}`;
}

function statusPart(path: string): TargetPart {
  return {
    subresource: "status",
    viewOf: (object) => object,
    put: (object, view) => {
      const place = firstDifference(without(asJson(object), "status"), without(asJson(view), "status"));
      return place === undefined
        ? { ok: true, object: view }
        : outside(path, { place, part: "status", takes: "/status" });
    },
  };
}

function scalePart(path: string, scaled: Scaled): TargetPart {
  return {
    subresource: "scale",
    viewOf: (object) => scaleOf(object, scaled),
    put: (object, view) => {
      const { spec, ...rest } = asJson(view);
      const { spec: before, ...others } = asJson(scaleOf(object, scaled));
      const replicas = valueAt(spec, ["replicas"]);
      const inSpec = { spec: without(before, "replicas"), ...others };
      const place = firstDifference(inSpec, { spec: without(spec, "replicas"), ...rest });
      if (place !== undefined) return outside(path, { place, part: "scale", takes: "/spec/replicas" });
      if (!isCount(replicas)) return noCount(path, replicas);
      return withValue(object, scaled.replicas, replicas);
    },
    patchTo: (next) => [{ op: "add", path: "/spec", value: { replicas: replicasOf(next, scaled) } }],
  };
}

function replicasOf(object: KubernetesObject, { replicas, byDefault }: Scaled): Json {
  return valueAt(asJson(object), replicas) ?? byDefault;
}

function withValue(object: KubernetesObject, place: Path, value: Json): Mutated {
  const result = applyJsonPatch(asJson(object), [
    { op: "add", path: printPointer(place), value },
  ] satisfies Difference[]);
  if (!result.ok) return failed("InvalidTarget", `${printPointer(place)}: ${result.message}`);
  return { ok: true, object: result.value as KubernetesObject }; // with another number in it
}

function isCount(value: Json | undefined): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0;
}

function noCount(path: string, value: Json | undefined): Mutated {
  const found = value === undefined ? "nothing" : printJson(value);
  return failed(
    "InvalidTarget",
    `${path}: the patch sets /spec/replicas to ${found}: it has to be a whole number, 0 or more`,
  );
}

type Outside = { place: Path; part: string; takes: string };

/** The API server would drop it without a word. */
function outside(path: string, { place, part, takes }: Outside): Mutated {
  const message = `${path}: the patch changes ${printPointer(place)}, and through ${part} the API server takes ${takes} alone: leave the rest to a rule about the kind itself`;
  return failed("InvalidTarget", message);
}

function without(value: Json | undefined, field: string): JsonObject {
  const { [field]: _left, ...rest } = (value ?? {}) as JsonObject; // what is compared are objects, or nothing
  return rest;
}
