/** cloneList: copies of every object of some kinds in a namespace, each under its own name. */

import {
  groupOf,
  isWatchable,
  type Json,
  type JsonObject,
  type KubernetesObject,
  printJson,
  printRef,
  type Resource,
  refOf,
} from "../object/index.ts";
import type { Generate, Issue } from "../policy/index.ts";
import type { BlockScope, CompiledBlock } from "./block-scope.ts";
import type { Build } from "./build.ts";
import { compileSourceSelector } from "./clone-selector.ts";
import { clusterScopedTarget } from "./confinement.ts";
import { copyOf, whyNotCopied } from "./copy.ts";
import { failed } from "./failed.ts";
import { objectOf } from "./object-of.ts";
import { readOf } from "./place.ts";
import { needToList } from "./read-needs.ts";
import type { Desired, DesiredTarget, Unmet } from "./rule.ts";
import type { Scope } from "./scope.ts";
import { needsToWrite, needsToWriteUnknown } from "./write-needs.ts";

type CloneList = NonNullable<Generate["cloneList"]>;
type Filled = { namespace: Json; cloneList: { namespace: Json; selector?: Json } };
type Written = { namespace: string | undefined; cloneList: CloneList };

/** Undefined when there are issues, which are noted. `path`: of the block that has the list. */
export function compileCloneList(
  { namespace, cloneList }: Written,
  { path, roots, build }: BlockScope,
): CompiledBlock | undefined {
  const at = `${path}.cloneList`;
  const resources = cloneList.kinds.flatMap((kind, i) => resourceOf(kind, `${at}.kinds[${i}]`, build));
  const issues = placeIssues({ namespace, cloneList }, resources, { path, build });
  build.issues.push(...issues);
  const { selector } = cloneList;
  const variable = { namespace: cloneList.namespace ?? null, ...(selector === undefined ? {} : { selector }) };
  const template = build.template({ namespace: namespace ?? null, cloneList: variable } as JsonObject, path, roots); // plain data
  if (template === undefined || issues.length > 0) return undefined;
  build.targets.push(...resources);
  build.reads.push(
    ...resources.map((resource) => readOf({ namespace: cloneList.namespace }, resource, build.confinedTo)),
  );
  noteNeeds({ namespace, cloneList }, { path, build });
  const select = compileSourceSelector(selector);
  return {
    desired(scope) {
      const result = scope.evaluate(template);
      if (!result.ok) return result;
      const { namespace: to, cloneList: filled } = result.value as Filled; // the shape that was compiled
      const { namespace: from } = filled;
      const wrong = whyNoPlace("namespace", to) ?? whyNoPlace("cloneList.namespace", from);
      if (wrong !== undefined) return failed("InvalidTarget", `${path}.${wrong}`);
      const selected = select(filled.selector ?? null);
      if ("wrong" in selected) return failed("ExpressionFailed", `${at}.selector.${selected.wrong}`);
      const { confinedTo } = build;
      if (confinedTo !== undefined && (to !== confinedTo || from !== confinedTo))
        return failed("OutsideNamespace", `${path}: a Policy copies only within its own namespace, ${confinedTo}`);
      const isMeant = ({ metadata }: KubernetesObject): boolean => selected.whyNot(metadata.labels ?? {}) === undefined;
      return copyAll(resources, { from: String(from), to: String(to), path: at, isMeant }, scope);
    },
  };
}

function noteNeeds({ namespace, cloneList }: Written, { path, build }: { path: string; build: Build }): void {
  const { confinedTo, served } = build;
  for (const text of cloneList.kinds) {
    const slash = text.lastIndexOf("/");
    const group = groupOf(text.slice(0, slash));
    const resource = served.find(text.slice(0, slash), text.slice(slash + 1));
    const target = { path, namespace, confinedTo };
    const written = resource === undefined ? needsToWriteUnknown(group, target) : needsToWrite(resource, target);
    const source = { path: `${path}.cloneList`, namespace: cloneList.namespace, confinedTo };
    build.needs.push(...written, needToList(resource ?? { group, plural: "*" }, source));
  }
}

function resourceOf(text: string, path: string, build: Build): Resource[] {
  const slash = text.lastIndexOf("/");
  const resource = build.resource(text.slice(0, slash), text.slice(slash + 1), path);
  return resource === undefined ? [] : [resource];
}

function placeIssues(
  { namespace, cloneList }: Written,
  resources: readonly Resource[],
  { path, build }: { path: string; build: Build },
): Issue[] {
  const required = (at: string, message: string): Issue => ({ code: "NamespaceRequired", path: at, message });
  return [
    ...resources.flatMap((resource) => kindIssues(resource, `${path}.cloneList.kinds`, build)),
    ...(namespace === undefined ? [required(`${path}.namespace`, "say in which namespace the copies are made")] : []),
    ...(cloneList.namespace === undefined
      ? [required(`${path}.cloneList.namespace`, "say in which namespace the sources are")]
      : []),
  ];
}

function kindIssues(resource: Resource, path: string, build: Build): Issue[] {
  const { kind, namespaced } = resource;
  if (!namespaced && build.confinedTo !== undefined) return [{ ...clusterScopedTarget(resource, path), path }];
  if (!namespaced) {
    const message = `${kind} is cluster-scoped: a copy under the same name would be its source; remove the kind`;
    return [{ code: "InvalidKind", path, value: kind, message }];
  }
  if (isWatchable(resource)) return [];
  const message = `objects of kind ${kind} are not stored, so there are none to copy: remove the kind`;
  return [{ code: "InvalidKind", path, value: kind, message }];
}

function whyNoPlace(field: string, value: Json): string | undefined {
  if (typeof value === "string" && value !== "") return undefined;
  return `${field} must give the name of a namespace, not ${printJson(value)}`;
}

type Copying = { from: string; to: string; path: string; isMeant(source: KubernetesObject): boolean };

/** Where they are already, nothing is copied. */
function copyAll(resources: readonly Resource[], { from, to, path, isMeant }: Copying, scope: Scope): Desired {
  const targets: DesiredTarget[] = [];
  const unmet: Unmet[] = [];
  for (const resource of resources) {
    for (const object of scope.snapshot.list(resource, from)) {
      if (from === to || !isMeant(object)) continue;
      const source = refOf(object);
      const ref = { ...source, namespace: to };
      const refused = whyNotCopied(object);
      const message = `${path}: ${printRef(source)} ${refused}`;
      if (refused !== undefined) unmet.push({ reason: "SourceRefused", message, target: ref });
      else targets.push({ resource, ref, object: objectOf(ref, resource, copyOf(object)), source });
    }
  }
  return { ok: true, targets, unmet };
}
