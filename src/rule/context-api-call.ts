/** context.apiCall: what the API server or a service answers; resources are watched instead. */

import { type Expression, hasVariables } from "../expression/index.ts";
import { isWatchable, type Resource } from "../object/index.ts";
import type { BlockScope } from "./block-scope.ts";
import { compileResourceLookup } from "./resource-lookup.ts";
import type { Source } from "./source.ts";
import { parseUrlPath, type UrlPath } from "./url-path.ts";
import { type ApiCall, compilePathCall, compileServiceCall } from "./written-call.ts";

/** Undefined when there are issues, which are noted. */
export function compileApiCallEntry(apiCall: ApiCall, { path, roots, build }: BlockScope): Source | undefined {
  const { jmesPath, default: written } = apiCall;
  const before = build.issues.length;
  const expression =
    jmesPath === undefined ? undefined : build.expression(jmesPath, `${path}.jmesPath`, { roots, onValue: true });
  const fallback = written === undefined ? undefined : build.template(written, `${path}.default`, roots);
  const asked = compileAsked(apiCall, { path, roots, build, expression });
  if (asked === undefined || build.issues.length > before) return undefined;
  return {
    uses: new Set([asked.uses, expression?.reads, fallback?.reads].flatMap((names) => [...(names ?? [])])),
    load(scope, bindings) {
      const value = asked.load(scope, bindings);
      const isMissing = !value.ok && (value.reason === "ContextMissing" || value.reason === "KindUnknown");
      return isMissing && fallback !== undefined ? scope.evaluateWith(fallback, bindings) : value;
    },
  };
}

/** Without default. */
function compileAsked(
  apiCall: ApiCall,
  scope: BlockScope & { expression: Expression | undefined },
): Source | undefined {
  const { urlPath = "", service, method } = apiCall;
  const { build, path } = scope;
  if (service !== undefined) return compileServiceCall(apiCall, service, scope);
  const at = `${path}.urlPath`;
  const url = parseUrlPath(urlPath);
  if ("problem" in url) {
    if (url.isCalled) return compilePathCall(apiCall, undefined, scope);
    build.issues.push({ code: "InvalidValue", path: at, value: urlPath, message: url.problem });
    return undefined;
  }
  const resource = findResource(url, { path: at, build });
  if (resource !== undefined) notePlaceIssues(url, resource, { path: at, value: urlPath, build });
  const isCalled = resource !== undefined && (method === "POST" || !isWatchable(resource));
  return isCalled ? compilePathCall(apiCall, resource, scope) : compileResourceLookup(url, resource, scope);
}

function findResource({ group, version, plural }: UrlPath, { path, build }: Pick<BlockScope, "path" | "build">) {
  for (const resource of build.served.all()) {
    if (resource.plural === plural && resource.version === version && resource.group === group) return resource;
  }
  build.noteUnknown(`${[group, version, plural].filter((part) => part !== "").join("/")} (${path})`);
  return undefined;
}

type Noting = { path: string; value: string; build: BlockScope["build"] };

function notePlaceIssues({ namespace, name }: UrlPath, resource: Resource, { path, value, build }: Noting): void {
  const { kind, namespaced } = resource;
  const note = (code: "InvalidValue" | "OutsideNamespace", message: string): unknown =>
    build.issues.push({ code, path, value, message });
  if (!namespaced && namespace !== undefined) note("InvalidValue", `${kind} is cluster-scoped: take the namespace out`);
  if (namespaced && namespace === undefined && name !== undefined)
    note("InvalidValue", `${kind} lives in a namespace: write /namespaces/NAMESPACE/ before it`);
  const own = kind === "Namespace" && resource.group === "" ? name : namespace;
  const isOutside = own === undefined || (!hasVariables(own) && own !== build.confinedTo);
  if (build.confinedTo !== undefined && isOutside)
    note("OutsideNamespace", `a Policy reads only in its own namespace: write /namespaces/${build.confinedTo}/`);
}
