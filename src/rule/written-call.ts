/** What an apiCall that is called may say: its path or URL, its headers, what it sends. */

import { type Expression, hasVariables } from "../expression/index.ts";
import type { Json, JsonObject, Resource } from "../object/index.ts";
import type { ContextEntry, Issue } from "../policy/index.ts";
import type { BlockScope } from "./block-scope.ts";
import { compileCallLookup, type WrittenCall } from "./call-lookup.ts";
import { parseCallPath, parseServiceUrl } from "./call-url.ts";
import { type Failed, failed } from "./failed.ts";
import { needOfCall } from "./read-needs.ts";
import type { Source } from "./source.ts";

export type ApiCall = NonNullable<ContextEntry["apiCall"]>;

type CallScope = BlockScope & { expression: Expression | undefined };

/** Of the API server. `resource`: what the path names, as far as that is served. */
export function compilePathCall(
  apiCall: ApiCall,
  resource: Resource | undefined,
  scope: CallScope,
): Source | undefined {
  const { path, build, roots } = scope;
  const { urlPath = "", method = "GET" } = apiCall;
  const at = `${path}.urlPath`;
  const note = (code: Issue["code"], message: string): undefined => {
    build.issues.push({ code, path: at, value: urlPath, message });
  };
  if (build.template(urlPath, at, roots) === undefined) return undefined; // told of the whole text
  const url = parseCallPath(urlPath);
  if ("problem" in url) return note("InvalidValue", url.problem);
  if (method === "POST" && !isReview(resource)) return note("InvalidValue", NO_REVIEW);
  const { confinedTo } = build;
  const outside = confinedTo === undefined ? undefined : whyOutside(url.segments, confinedTo);
  if (outside !== undefined) return note("OutsideNamespace", outside);
  build.needs.push(...needOfCall(method, url.segments, { path: at, confinedTo }));
  return compileCallLookup({ method, url, at, ...bodyOf(apiCall, scope), ...confined(confinedTo, at) }, scope);
}

const NO_REVIEW =
  "a call only asks: of the API server, POST is for reviews, such as /apis/authorization.k8s.io/v1/subjectaccessreviews; what is to be created belongs into generate";

/** Stored nowhere, so that to post one changes nothing. */
function isReview(resource: Resource | undefined): boolean {
  return resource?.kind.endsWith("Review") === true && !resource.verbs.includes("get");
}

function whyOutside(segments: readonly Json[], confinedTo: string): string | undefined {
  const at = segments[0] === "apis" ? 4 : 3;
  const own = segments[at];
  const isOwn = own === confinedTo || (typeof own === "string" && hasVariables(own));
  const before = segments.slice(0, at);
  const isPlace = (segments[0] === "api" || segments[0] === "apis") && before.at(-1) === "namespaces";
  const isWrittenOut = before.every((segment) => typeof segment === "string" && !hasVariables(segment));
  if (isPlace && isOwn && isWrittenOut) return undefined;
  return `a Policy reads only in its own namespace: write /namespaces/${confinedTo}/ after group and version`;
}

/** Once more, with the values of its variables. */
function confined(confinedTo: string | undefined, at: string): Pick<WrittenCall, "whyNot"> {
  if (confinedTo === undefined) return {};
  return {
    whyNot(segments): Failed | undefined {
      const outside = segments[segments[0] === "apis" ? 4 : 3] !== confinedTo;
      const message = `${at}: a Policy reads only in its own namespace, ${confinedTo}`;
      return outside ? failed("OutsideNamespace", message) : undefined;
    },
  };
}

/** Of a service outside the API server. */
export function compileServiceCall(
  apiCall: ApiCall,
  service: NonNullable<ApiCall["service"]>,
  scope: CallScope,
): Source | undefined {
  const { path, build, roots } = scope;
  const { method = "GET" } = apiCall;
  const at = `${path}.service.url`;
  if (method === "POST") build.sends = true;
  if (build.template(service.url, at, roots) === undefined) return undefined;
  const url = parseServiceUrl(service.url);
  if ("problem" in url) {
    build.issues.push({ code: "InvalidValue", path: at, value: service.url, message: url.problem });
    return undefined;
  }
  const headers = headersOf(service, scope);
  const { caBundle } = service;
  if (caBundle !== undefined && !/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/.test(caBundle))
    build.issues.push({ code: "InvalidValue", path: `${path}.service.caBundle`, message: NO_CERTIFICATE });
  return compileCallLookup({ method, url, at, ...bodyOf(apiCall, scope), service: { headers, caBundle } }, scope);
}

const NO_CERTIFICATE = "it has to be one or more certificates in PEM, from -----BEGIN CERTIFICATE----- on";

function bodyOf({ method, data = [] }: ApiCall, { path, build }: CallScope): { data?: JsonObject } {
  if (method !== "POST") return {};
  const keys = data.map(({ key }) => key);
  keys.forEach((key, i) => {
    if (keys.indexOf(key) < i) noteTwice(build, `${path}.data[${i}].key`);
  });
  return { data: Object.fromEntries(data.map(({ key, value }) => [key, value])) };
}

/** What says where a request ends, and to whom it goes, is not for rules to say. */
const NOT_OURS =
  /^(host|connection|content-length|expect|keep-alive|te|trailer|transfer-encoding|upgrade|accept-encoding|proxy-.*)$/;

function headersOf(service: NonNullable<ApiCall["service"]>, { path, build }: CallScope): { [name: string]: string } {
  const headers = (service.headers ?? []).map(({ key, value }) => ({ name: key.toLowerCase(), value }));
  headers.forEach(({ name }, i) => {
    const at = `${path}.service.headers[${i}].key`;
    const isName = /^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name) && !NOT_OURS.test(name);
    if (!isName) build.issues.push({ code: "InvalidValue", path: at, value: name, message: NO_HEADER });
    if (headers.findIndex((other) => other.name === name) < i) noteTwice(build, at);
  });
  return Object.fromEntries(headers.map(({ name, value }) => [name, value]));
}

const NO_HEADER = "it is no header that a rule may set: name one such as Authorization or X-Team";

function noteTwice(build: CallScope["build"], path: string): void {
  build.issues.push({ code: "DuplicateName", path, message: "it is given twice: keep one of the two" });
}
