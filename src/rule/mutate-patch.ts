/** The two forms of a patch: patchStrategicMerge with its anchors, and patchesJson6902. */

import { applyJsonPatch, isJsonObject, type Json, type JsonObject, readJsonPatch, setOwn } from "../object/index.ts";
import { parseAnchor } from "./anchor.ts";
import { applyAnchoredPatch } from "./anchored-patch.ts";
import { failed } from "./failed.ts";
import { readPatchText } from "./json-patch-text.ts";
import type { Applied, CompiledPatch, MutateScope } from "./mutate-scope.ts";
import { readJsonText } from "./patch-value.ts";
import { isRepeatable } from "./repeatable-patch.ts";

export type PatchForms = { patchStrategicMerge?: JsonObject | undefined; patchesJson6902?: string | undefined };

/** Undefined when there are issues, which are noted; one of the forms has to be there. */
export function compilePatch(forms: PatchForms, scope: MutateScope): CompiledPatch | undefined {
  const { patchStrategicMerge: strategic, patchesJson6902: json } = forms;
  if (strategic !== undefined)
    return compileStrategic(strategic, { ...scope, path: `${scope.path}.patchStrategicMerge` });
  return json === undefined ? undefined : compileJson(json, { ...scope, path: `${scope.path}.patchesJson6902` });
}

function compileStrategic(patch: JsonObject, { path, roots, build }: MutateScope): CompiledPatch | undefined {
  const before = build.issues.length;
  noteMisplacedAnchors(patch, { inside: false, path, note: (issue) => build.issues.push(issue) });
  const template = build.template(patch, path, roots);
  if (template === undefined || build.issues.length > before) return undefined;
  return {
    apply(object, scope, { schema }): Applied {
      const filled = scope.evaluate(template);
      if (!filled.ok) return filled;
      if (!isJsonObject(filled.value)) return failed("ExpressionFailed", `${path}: the patch has to be an object`);
      const result = applyAnchoredPatch(object, withTextMetadata(filled.value), schema);
      if (!result.ok) return failed("InvalidTarget", `${path}${result.path}: ${result.message}`);
      return "idle" in result ? { ok: true, idle: `${path}: ${result.idle}` } : { ok: true, object: result.value };
    },
  };
}

type Misplaced = { code: "InvalidValue"; path: string; value: string; message: string };
type Walk = { inside: boolean; path: string; note: (issue: Misplaced) => void };

/** `=() X() ^()` say something of a value, so they belong inside of a condition; `+()` writes, so it belongs outside. */
function noteMisplacedAnchors(patch: Json, walk: Walk): void {
  if (Array.isArray(patch)) {
    for (const [i, item] of patch.entries()) noteMisplacedAnchors(item, { ...walk, path: `${walk.path}[${i}]` });
    return;
  }
  if (!isJsonObject(patch)) return;
  for (const [text, value] of Object.entries(patch)) {
    const path = `${walk.path}[${JSON.stringify(text)}]`;
    const kind = parseAnchor(text)?.kind;
    const opens = kind === "condition" || kind === "global";
    if (walk.inside && kind === "add")
      walk.note({
        code: "InvalidValue",
        path,
        value: text,
        message: `${text} writes, and stands inside of a condition, which only compares: move it out`,
      });
    if (!walk.inside && kind !== undefined && kind !== "add" && !opens)
      walk.note({
        code: "InvalidValue",
        path,
        value: text,
        message: `${text} only compares: it may stand inside of (key) and <(key); a patch has (key), <(key) and +(key)`,
      });
    noteMisplacedAnchors(value, { ...walk, path, inside: walk.inside || opens });
  }
}

/** A variable may give a number where the API server wants text. */
function withTextMetadata(patch: JsonObject): JsonObject {
  const { metadata } = patch;
  if (metadata === undefined || !isJsonObject(metadata)) return patch;
  const changed: JsonObject = {};
  for (const [field, value] of Object.entries(metadata)) {
    const isTexts = field === "labels" || field === "annotations";
    setOwn(changed, field, isTexts && isJsonObject(value) ? textValues(value) : value);
  }
  return { ...patch, metadata: changed };
}

function textValues(values: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key, isScalar(value) ? String(value) : value]),
  );
}

function isScalar(value: Json): value is number | boolean | bigint {
  return typeof value === "number" || typeof value === "boolean" || typeof value === "bigint";
}

function compileJson(text: string, { path, roots, build, depth }: MutateScope): CompiledPatch | undefined {
  const read = readPatchText(text);
  if ("problem" in read) {
    build.issues.push({ code: "InvalidValue", path, message: `the patch ${read.problem}: correct it` });
    return undefined;
  }
  const { unquoted } = read;
  if (!isRepeatable(read.value)) build.appends = true;
  const before = build.issues.length;
  if (depth === 0) noteVariablePaths(read.value, { path, build });
  const template = build.template(read.value, path, roots);
  if (template === undefined || build.issues.length > before) return undefined;
  const constant = template.constant ? readJsonPatch(read.value) : undefined;
  if (constant?.ok === false) {
    build.issues.push({
      code: "InvalidValue",
      path: `${path}[${constant.at}]`,
      message: `${constant.message}: correct it`,
    });
    return undefined;
  }
  return {
    apply(object, scope): Applied {
      const filled = scope.evaluate(template);
      return filled.ok ? applyPatch(object, readJsonText(filled.value, unquoted), path) : filled;
    },
  };
}

function applyPatch(object: JsonObject, written: Json, path: string): Applied {
  const operations = readJsonPatch(written);
  if (!operations.ok) return failed("ExpressionFailed", `${path}[${operations.at}]: ${operations.message}`);
  const result = applyJsonPatch(object, operations.value);
  if (!result.ok) return failed("InvalidTarget", `${path}[${result.at}]: ${result.message}`);
  if (isJsonObject(result.value)) return { ok: true, object: result.value };
  return failed("InvalidTarget", `${path}: what comes of the patch is no object`);
}

/** The paths of a rule's own patch are written out; only in foreach may they depend on the element. */
function noteVariablePaths(patch: Json, { path, build }: Pick<MutateScope, "path" | "build">): void {
  for (const [i, operation] of (Array.isArray(patch) ? patch : []).entries()) {
    const target = isJsonObject(operation) ? operation.path : undefined;
    if (typeof target !== "string" || !target.includes("{{")) continue;
    build.issues.push({
      code: "VariableNotAllowed",
      path: `${path}[${i}].path`,
      value: target,
      message:
        "the path of a patch is written out; only in foreach may it hold variables: use foreach, or write it out",
    });
  }
}
