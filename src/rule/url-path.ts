/** The urlPath of an API call, read as the resource that it names, so that the resource can be watched instead. */

import { hasVariables, splitTemplate } from "../expression/index.ts";

/** Texts that may hold variables, but for group, version and plural. */
export type UrlPath = {
  group: string;
  version: string;
  plural: string;
  namespace?: string;
  name?: string;
  labelSelector?: string;
  fieldSelector?: string;
};

/** `isCalled`: nothing that is stored answers it, so it is asked; else it is wrong. */
export type UrlProblem = { problem: string; isCalled: boolean };

export function parseUrlPath(text: string): UrlPath | UrlProblem {
  const [path = "", query, ...more] = splitTemplate(text, "?") ?? [];
  if (!path.startsWith("/") || more.length > 0)
    return wrong("write it as the API server serves it, such as /api/v1/namespaces");
  const segments = (splitTemplate(path, "/") ?? []).slice(1).map(decoded);
  if (segments.at(-1) === "" && segments.length > 1) segments.pop();
  if (segments.some((segment) => segment === undefined || segment === ""))
    return wrong("it has an empty or malformed segment");
  const resource = readResource(segments.map((segment) => segment ?? ""));
  if ("problem" in resource || query === undefined) return resource;
  const selectors = readQuery(query);
  return "problem" in selectors ? selectors : { ...resource, ...selectors };
}

function wrong(problem: string): UrlProblem {
  return { problem, isCalled: false };
}

const CALLED: UrlProblem = { problem: "it is the path of no resource that is stored", isCalled: true };

/** Undefined when it is malformed. Variables give plain text, which needs no decoding. */
function decoded(segment: string): string | undefined {
  if (hasVariables(segment) || !segment.includes("%")) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}

function readResource(segments: readonly string[]): UrlPath | UrlProblem {
  const [root, ...rest] = segments;
  const [group, version, ...below] = root === "api" ? ["", ...rest] : rest;
  if ((root !== "api" && root !== "apis") || group === undefined || version === undefined) return CALLED;
  const place = readPlace(below);
  const isWrittenOut = place !== undefined && ![group, version, place.plural].some(hasVariables);
  return isWrittenOut ? { group, version, ...place } : CALLED;
}

/** Below the version. The status of an object is in the object. */
function readPlace(below: readonly string[]): Omit<UrlPath, "group" | "version"> | undefined {
  const path = below.at(-1) === "status" && below.length > 2 ? below.slice(0, -1) : below;
  const [first, second, third, fourth, ...more] = path;
  if (first === undefined || more.length > 0) return undefined;
  if (first !== "namespaces" || third === undefined) {
    if (third !== undefined) return undefined;
    return { plural: first, ...(second === undefined ? {} : { name: second }) };
  }
  return { plural: third, namespace: second ?? "", ...(fourth === undefined ? {} : { name: fourth }) };
}

function readQuery(query: string): Pick<UrlPath, "labelSelector" | "fieldSelector"> | UrlProblem {
  const selectors: { [key: string]: string } = {};
  for (const pair of splitTemplate(query, "&") ?? []) {
    const [key = "", ...values] = splitTemplate(pair, "=") ?? [];
    const value = decoded(values.join("="));
    if (value === undefined) return wrong(`the value of ${key} is malformed`);
    if (key !== "labelSelector" && key !== "fieldSelector") return CALLED;
    selectors[key] = value;
  }
  return selectors;
}
