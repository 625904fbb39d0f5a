/**
 * Rules for pod controllers: a mutate rule about Pods is also meant for the Pods that Deployments, CronJobs and the like
 * will make, so its patch is put under their templates.
 */

import { isJsonObject, type Json, type JsonObject, ownValue, type Path } from "../object/index.ts";
import { parseKindSelector, type Rule } from "../policy/index.ts";

const CONTROLLERS = ["DaemonSet", "Deployment", "Job", "StatefulSet", "ReplicaSet", "ReplicationController"];
const CRON = "CronJob";

/** Which controllers, of all that there are; `none` for none. */
export const AUTOGEN_ANNOTATION = "pod-policies.kyverno.io/autogen-controllers";

type Texts = { [key: string]: string };

/** By the position of the rule that they are made from. None where a rule says something that templates do not have. */
export function autogenRules(rules: readonly Rule[], annotations: Texts = {}): Map<number, Rule[]> {
  const asked = controllersIn(annotations[AUTOGEN_ANNOTATION]);
  const written = rules as readonly Json[] as readonly JsonObject[]; // rules are JSON
  if (asked.length === 0 || !written.every(allowsAutogen)) return new Map();
  const made = written.map((rule, i): [number, Rule[]] => [i, isAboutPods(rule) ? make(rule, asked) : []]);
  return new Map(made);
}

function controllersIn(annotation: string | undefined): readonly string[] {
  if (annotation === undefined) return [...CONTROLLERS, CRON];
  return annotation.split(",").map((kind) => kind.trim());
}

function make(rule: JsonObject, asked: readonly string[]): Rule[] {
  const kinds = CONTROLLERS.filter((kind) => asked.includes(kind));
  const rules = [
    ...(kinds.length === 0 ? [] : [templateRule(rule, { prefix: "autogen-", kinds, path: ["spec", "template"] })]),
    ...(asked.includes(CRON)
      ? [
          templateRule(rule, {
            prefix: "autogen-cronjob-",
            kinds: [CRON],
            path: ["spec", "jobTemplate", "spec", "template"],
          }),
        ]
      : []),
  ];
  return rules as Json[] as Rule[]; // the same shape, at another place
}

/** Names, labels and annotations are those of the Pod, not of what makes it; a JSON patch has the Pod's paths. */
function allowsAutogen(rule: JsonObject): boolean {
  if (rule.generate !== undefined || JSON.stringify(rule.mutate ?? null, plainKeys).includes(JSON_PATCH)) return false;
  return [...filtersOf(rule.match), ...filtersOf(rule.exclude)].every(
    (filter) => !OF_THE_POD.some((field) => filter[field] !== undefined) && !mixesPods(filter),
  );
}

const JSON_PATCH = '"patchesJson6902"';
const OF_THE_POD = ["name", "names", "selector", "annotations"];

/** Large integers do not matter here. */
function plainKeys(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? 0 : value;
}

function filtersOf(match: Json | undefined): JsonObject[] {
  if (match === undefined || !isJsonObject(match)) return [];
  const filters = [match, ...listIn(match, "any"), ...listIn(match, "all")].filter(isJsonObject);
  return filters.flatMap(({ resources }) => (resources !== undefined && isJsonObject(resources) ? [resources] : []));
}

function listIn(object: JsonObject, field: string): Json[] {
  const list = ownValue(object, field);
  return Array.isArray(list) ? list : [];
}

function mixesPods(filter: JsonObject): boolean {
  const kinds = listIn(filter, "kinds");
  return kinds.length > 1 && kinds.some(isPod) && !kinds.every(isPod);
}

function isPod(kind: Json): boolean {
  const selector = typeof kind === "string" ? parseKindSelector(kind) : undefined;
  return selector?.kind === "Pod" && selector.subresource === "";
}

function selectsPods(filter: JsonObject): boolean {
  return listIn(filter, "kinds").some(isPod);
}

function isAboutPods(rule: JsonObject): boolean {
  const { mutate } = rule;
  if (mutate === undefined || !isJsonObject(mutate) || mutate.targets !== undefined) return false;
  const excluded = filtersOf(rule.exclude).filter((filter) => listIn(filter, "kinds").length > 0);
  return filtersOf(rule.match).some(selectsPods) && (excluded.length === 0 || excluded.some(selectsPods));
}

type Template = { prefix: string; kinds: string[]; path: Path };

function templateRule(rule: JsonObject, { prefix, kinds, path }: Template): JsonObject {
  const { name, match, exclude, mutate, ...rest } = rule;
  const moved = moveExpressions({ ...rest, mutate: underTemplate(mutate ?? null, path) }, path);
  return {
    ...(isJsonObject(moved) ? moved : {}),
    name: `${prefix}${name}`.slice(0, 63),
    match: withKinds(match ?? null, kinds),
    ...(exclude === undefined ? {} : { exclude: withKinds(exclude, kinds) }),
  };
}

/** Filters about Pods become filters about what makes them; others are about something else. */
function withKinds(match: Json, kinds: string[]): Json {
  if (!isJsonObject(match)) return match;
  const change = (filter: Json): Json => {
    if (!isJsonObject(filter) || !isJsonObject(filter.resources)) return filter;
    return selectsPods(filter.resources) ? { ...filter, resources: { ...filter.resources, kinds } } : filter;
  };
  const { any, all } = match;
  if (Array.isArray(any)) return { ...match, any: any.filter(isMeantForPods).map(change) };
  return Array.isArray(all) ? { ...match, all: all.map(change) } : change(match);
}

/** A filter of exclude that names no kinds is about all of them. */
function isMeantForPods(filter: Json): boolean {
  const named = filtersOf(filter).filter((resources) => listIn(resources, "kinds").length > 0);
  return named.length === 0 || named.some(selectsPods);
}

function underTemplate(mutate: Json, path: Path): Json {
  if (!isJsonObject(mutate)) return mutate;
  const { patchStrategicMerge, foreach, ...rest } = mutate;
  return {
    ...rest,
    ...(patchStrategicMerge === undefined
      ? {}
      : { patchStrategicMerge: path.reduceRight<Json>((patch, field) => ({ [field]: patch }), patchStrategicMerge) }),
    ...(Array.isArray(foreach) ? { foreach: foreach.map((entry) => underTemplate(entry, path)) } : {}),
  };
}

const OF_OBJECT = /\brequest\.(object|oldObject)\.(spec|metadata)\b/g;

function moveExpressions(value: Json, path: Path): Json {
  if (typeof value === "string") return value.replaceAll(OF_OBJECT, `request.$1.${path.join(".")}.$2`);
  if (Array.isArray(value)) return value.map((item) => moveExpressions(item, path));
  if (!isJsonObject(value)) return value;
  const entries = Object.entries(value);
  return Object.fromEntries(
    entries.map(([key, child]) => [String(moveExpressions(key, path)), moveExpressions(child, path)]),
  );
}
