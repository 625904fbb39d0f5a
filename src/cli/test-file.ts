/** An offline test as it is written: policies, resources, and what should come of each rule for each resource. */

import { isJsonObject, type Json, type JsonObject } from "../object/index.ts";

export const RESULTS = ["pass", "skip", "fail"] as const;
export type Result = (typeof RESULTS)[number];

/** One rule and one resource. */
export type Expectation = {
  policy: string;
  rule: string;
  kind: string;
  /** Name, or namespace/name. */
  resource: string;
  result: Result;
  /** A file with the objects that the rule has to give. */
  generatedResource?: string;
  /** A file with what a mutate rule has to make of the resources, or of its targets. */
  patchedResource?: string;
  /** A file with the object to copy. */
  cloneSourceResource?: string;
};

/** Paths stand as they are written: relative to the file. */
export type TestFile = {
  name: string;
  policies: readonly string[];
  resources: readonly string[];
  /** Files with the objects that rules change beside the resources. */
  targetResources: readonly string[];
  /** A file with values that stand in for context. */
  variables?: string;
  /** The same values, written in the test. */
  values?: JsonObject;
  /** A file that says who makes the requests. */
  userInfo?: string;
  hasExceptions: boolean;
  expectations: readonly Expectation[];
};

export type ParsedTest = { test: TestFile } | { problems: string[] };

export function parseTestFile(document: Json): ParsedTest {
  if (!isJsonObject(document)) return { problems: ["is no test: it has no fields"] };
  const problems: string[] = [];
  const results = Array.isArray(document.results) ? document.results : [];
  if (results.length === 0) problems.push("says no results: add a list of policy, rule, kind, resources and result");
  const expectations = results.flatMap((result, i) => readResult(result, `results[${i}]`, problems));
  if (problems.length > 0) return { problems };
  const { variables, values, userinfo, exceptions } = document;
  const test: TestFile = {
    name: nameOf(document),
    policies: texts(document.policies),
    resources: texts(document.resources),
    targetResources: texts(document.targetResources),
    ...(typeof variables === "string" ? { variables } : {}),
    ...(isJsonObject(values) ? { values } : {}),
    ...(typeof userinfo === "string" ? { userInfo: userinfo } : {}),
    hasExceptions: texts(exceptions).length > 0,
    expectations,
  };
  return { test };
}

/** Older files have it at the top. */
function nameOf({ metadata, name }: JsonObject): string {
  const found = isJsonObject(metadata) ? metadata.name : name;
  return typeof found === "string" ? found : "";
}

/** Older files name one resource, its namespace apart, and call the result a status. */
function readResult(written: Json, path: string, problems: string[]): Expectation[] {
  if (!isJsonObject(written)) {
    problems.push(`${path} has to be an object`);
    return [];
  }
  const { policy, rule, kind = "", resource, namespace, generatedResource, cloneSourceResource } = written;
  const patchedResource = written.patchedResources ?? written.patchedResource;
  const result = written.result ?? written.status;
  const prefix = typeof namespace === "string" ? `${namespace}/` : "";
  const names = [...texts(written.resources), ...texts(resource === undefined ? [] : [resource])];
  if (typeof policy !== "string") problems.push(`${path}.policy is missing: name the policy`);
  if (names.length === 0) problems.push(`${path}.resources is missing: name the resources`);
  if (!isResult(result))
    problems.push(`${path}.result is ${JSON.stringify(result)}, and has to be one of ${RESULTS.join(", ")}`);
  if (typeof policy !== "string" || !isResult(result)) return [];
  return names.map((name) => ({
    policy,
    rule: String(rule ?? ""),
    kind: String(kind),
    resource: name.includes("/") ? name : `${prefix}${name}`,
    result,
    ...(typeof generatedResource === "string" ? { generatedResource } : {}),
    ...(typeof patchedResource === "string" ? { patchedResource } : {}),
    ...(typeof cloneSourceResource === "string" ? { cloneSourceResource } : {}),
  }));
}

function isResult(value: Json | undefined): value is Result {
  return RESULTS.some((result) => result === value);
}

function texts(value: Json | undefined): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}
