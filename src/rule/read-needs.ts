/** The permissions that it takes to read what a rule reads: triggers, sources, context. */

import { hasWildcard } from "../expression/index.ts";
import type { Resource } from "../object/index.ts";
import { isStored, parseKindSelector } from "../policy/index.ts";
import { everything, type Need } from "./need.ts";
import { literal } from "./place.ts";

export type WrittenRead = {
  path: string;
  /** As written, perhaps with variables. */
  namespace?: string | undefined;
  name?: string | undefined;
  confinedTo: string | undefined;
};

/** Of a resource, as far as it is known. */
type Readable = Pick<Resource, "group" | "plural"> & { namespaced?: boolean };

/** One object, whose name may be computed. */
export function needToReadOne(resource: Readable, read: WrittenRead): Need {
  return { ...needToRead(resource, read), verbs: ["get"], name: literal(read.name) };
}

/** Every object there. */
export function needToList(resource: Readable, read: WrittenRead): Need {
  return { ...needToRead(resource, read), verbs: ["list"] };
}

function needToRead({ group, plural, namespaced = true }: Readable, { path, namespace, confinedTo }: WrittenRead) {
  const place = namespaced ? (literal(namespace) ?? confinedTo ?? "") : undefined;
  return { path, group, resource: plural, namespace: place };
}

export type TriggerScope = {
  path: string;
  /** What the kinds mean among what is served. */
  triggers: readonly Resource[];
  /** The only namespaces that triggers lie in, or are; undefined: any. */
  within: ReadonlySet<string> | undefined;
  confinedTo: string | undefined;
  /** What the rule does with objects of kinds that come to be served later, besides seeing them. */
  does?: readonly string[];
};

/** A rule sees its triggers, all of them. `kinds`: as match has them. */
export function needsOfTriggers(kinds: readonly string[], scope: TriggerScope): Need[] {
  return kinds.flatMap((text) => {
    const selector = parseKindSelector(text);
    if (selector === undefined || !isStored(selector.subresource)) return [];
    const { group, kind } = selector;
    const selected = scope.triggers.filter(
      (resource) => resource.kind === kind && (group === "*" || hasWildcard(group) || group === resource.group),
    );
    if (!hasWildcard(kind) && selected.length > 0) return selected.flatMap((resource) => placesOf(resource, scope));
    // what it means may come to be served later
    const open = { group: hasWildcard(group) ? "*" : group, resource: "*", namespace: scope.confinedTo ?? "" };
    return [{ path: scope.path, verbs: ["list", ...(scope.does ?? [])], ...open }];
  });
}

function placesOf(resource: Resource, { path, within, confinedTo }: TriggerScope): Need[] {
  const isNamespace = resource.group === "" && resource.kind === "Namespace";
  if (within === undefined || (!resource.namespaced && !isNamespace))
    return [needToList(resource, { path, confinedTo })];
  return [...within].map((place) =>
    isNamespace
      ? needToReadOne(resource, { path, name: place, confinedTo })
      : needToList(resource, { path, namespace: place, confinedTo }),
  );
}

/** Of a call to the API server, by the segments of its path: those that hold variables may be any. */
export function needOfCall(
  method: "GET" | "POST",
  written: readonly string[],
  { path, confinedTo }: Pick<WrittenRead, "path" | "confinedTo">,
): Need[] {
  const segments = written.map(decoded);
  const [root, ...rest] = segments;
  const below = root === "api" ? rest.slice(1) : rest.slice(2);
  const group = root === "api" ? "" : rest[0];
  const isResource = (root === "api" || root === "apis") && below.length > 0;
  const place = isResource ? placeIn(below) : undefined;
  const isKnown = root !== undefined && group !== undefined && place !== undefined;
  if (isKnown) {
    const verb = method === "POST" ? "create" : place.isOne ? "get" : "list";
    const { resource, name } = place;
    return [{ path, verbs: [verb], group, resource, namespace: place.namespace ?? confinedTo ?? "", name }];
  }
  const isUrl = !isResource && !segments.includes(undefined);
  const verbs = [method.toLowerCase()];
  if (isUrl) return [{ path, verbs, url: `/${segments.join("/")}` }];
  const anything = everything(path, confinedTo ?? "");
  return confinedTo === undefined ? [anything, { path, verbs: ["*"], url: "*" }] : [anything];
}

type CallPlace = { resource: string; isOne: boolean; namespace?: string | undefined; name?: string | undefined };

/** Undefined where it cannot be told which resource is meant. */
function placeIn(below: readonly (string | undefined)[]): CallPlace | undefined {
  const [first, namespace, ...inside] = below;
  if (first === undefined || first === "watch" || first === "proxy") return undefined;
  const isInside = first === "namespaces" && inside.length > 0 && inside[0] !== "status" && inside[0] !== "finalize";
  const [resource, name, subresource] = isInside ? inside : below;
  if (resource === undefined) return undefined;
  const rest = (isInside ? inside : below).length;
  if (rest > 2 && subresource === undefined) return undefined;
  const full = subresource === undefined ? resource : `${resource}/${subresource}`;
  return { resource: full, isOne: rest > 1, name, ...(isInside ? { namespace } : {}) };
}

/** Undefined when it holds variables, or is malformed. */
function decoded(segment: string): string | undefined {
  if (literal(segment) === undefined) return undefined;
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
