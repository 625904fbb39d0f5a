/** One filter of match or exclude: it holds when each of its parts holds. */

import { compileWildcard } from "../expression/index.ts";
import { groupOf, type KubernetesObject, versionOf } from "../object/index.ts";
import type { ResourceFilter } from "../policy/index.ts";
import type { Operation } from "./change.ts";
import type { PartCheck } from "./explanation.ts";
import { compileKindSelector, type KindMatcher } from "./kind-selector.ts";
import { compileLabelSelector, type Labels } from "./label-selector.ts";
import type { Requester } from "./requester.ts";
import { asksGroups, compileWho, type WhoPart, type WrittenWho } from "./who.ts";

/** What a filter reads besides the trigger itself. */
export type Surroundings = {
  /** The labels of a Namespace; undefined while it is not known. */
  namespaceLabels(name: string): Labels | undefined;
  /** What became of the object; undefined where it is about what is stored. */
  operation?: Operation;
  /** Who did that; undefined where nobody knows. */
  requester?: Requester;
  /** What was asked for: the kind of the path, and the subresource or "". Absent where a watch has shown the object. */
  asked?: AskedKind;
};

export type AskedKind = { group: string; version: string; kind: string; subresource: string };

export type WrittenFilter = { resources?: ResourceFilter | undefined } & WrittenWho;

export type Filter = {
  kinds: readonly KindMatcher[];
  /** True when it looks at the labels of the trigger's namespace, so that they must be watched. */
  readsNamespace: boolean;
  /** The fields that ask who made the request. */
  asksWho: readonly string[];
  /** True when the groups of who made it may decide. */
  asksGroups: boolean;
  whyNot(trigger: KubernetesObject, surroundings: Surroundings): string | undefined;
  /** The answer of each part; `whyNot` is the first that says no. */
  checkParts(trigger: KubernetesObject, surroundings: Surroundings): PartCheck[];
};

/** Why not; undefined where it holds. */
type Part = (trigger: KubernetesObject, surroundings: Surroundings) => string | undefined;

/** `passesUnknown`: what is asked of who made the request holds where nobody knows him. */
export function compileFilter(
  { resources: filter, who }: { resources: ResourceFilter; who: WrittenWho },
  { passesUnknown }: { passesUnknown: boolean },
): Filter {
  const kinds = (filter.kinds ?? []).map(compileKindSelector);
  const { name, names = [], namespaces = [], operations, annotations, selector, namespaceSelector } = filter;
  const whoParts = compileWho(who);
  const parts = givenParts({
    kinds: kinds.length > 0 ? kindPart(kinds) : undefined,
    [name === undefined ? "names" : "name"]: namePart([...names, ...(name === undefined ? [] : [name])]),
    namespaces: namespacePart(namespaces),
    operations: operations === undefined ? undefined : operationPart(operations),
    annotations: annotations === undefined ? undefined : annotationPart(annotations),
    selector: selector === undefined ? undefined : selectorPart(selector),
    namespaceSelector: namespaceSelector === undefined ? undefined : namespaceSelectorPart(namespaceSelector),
    ...Object.fromEntries(Object.entries(whoParts).map(([field, part]) => [field, whoPart(part, passesUnknown)])),
  });
  return {
    kinds,
    readsNamespace: filter.namespaceSelector !== undefined,
    asksWho: Object.keys(whoParts),
    asksGroups: asksGroups(who),
    whyNot: (trigger, surroundings) => firstReason(parts, trigger, surroundings),
    checkParts: (trigger, surroundings) =>
      parts.map(({ field, part }) => ({ field, whyNot: part(trigger, surroundings) })),
  };
}

type GivenPart = { field: string; part: Part };

function givenParts(parts: { [field: string]: Part | undefined }): GivenPart[] {
  return Object.entries(parts).flatMap(([field, part]) => (part === undefined ? [] : [{ field, part }]));
}

function whoPart(part: WhoPart, passesUnknown: boolean): Part {
  return (_trigger, { requester }) => {
    if (requester !== undefined) return part(requester);
    return passesUnknown ? undefined : "nobody knows who made it";
  };
}

function firstReason(
  parts: readonly GivenPart[],
  trigger: KubernetesObject,
  surroundings: Surroundings,
): string | undefined {
  for (const { part } of parts) {
    const reason = part(trigger, surroundings);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

function kindPart(kinds: readonly KindMatcher[]): Part {
  const texts = kinds.map((selector) => selector.text).join(", ");
  return ({ apiVersion, kind }, { asked }) => {
    const type = { group: groupOf(apiVersion), version: versionOf(apiVersion), kind };
    const isMeant = kinds.some((selector) =>
      asked === undefined ? selector.selects(type) : selector.selectsRequest(asked, asked.subresource),
    );
    return isMeant ? undefined : `its kind is none of ${texts}`;
  };
}

function namePart(names: readonly string[]): Part | undefined {
  if (names.length === 0) return undefined;
  const patterns = names.map(compileWildcard);
  return ({ metadata }) =>
    patterns.some((matches) => matches(metadata.name)) ? undefined : `its name is none of ${names.join(", ")}`;
}

/** A Namespace is in itself; other cluster-scoped objects are in "", which only `*` matches. */
function namespacePart(namespaces: readonly string[]): Part | undefined {
  if (namespaces.length === 0) return undefined;
  const patterns = namespaces.map(compileWildcard);
  return (trigger) => {
    const namespace = isNamespace(trigger) ? trigger.metadata.name : (trigger.metadata.namespace ?? "");
    if (patterns.some((matches) => matches(namespace))) return undefined;
    return `its namespace is none of ${namespaces.join(", ")}`;
  };
}

/** What is stored was created; a filter for other operations holds for none of it. */
function operationPart(operations: readonly string[]): Part {
  if (operations.length === 0) return () => undefined;
  const listed = operations.join(", ");
  return (_trigger, { operation }) => {
    if (operations.includes(operation ?? "CREATE")) return undefined;
    const instead = operation === undefined ? "what is stored" : operation;
    return `it is about the operations ${listed}, not about ${instead}`;
  };
}

function annotationPart(annotations: Labels): Part {
  const whyNot = compileLabelSelector({ matchLabels: annotations });
  return ({ metadata }) => whyNot(metadata.annotations ?? {})?.replace("labels", "annotations");
}

function selectorPart(selector: NonNullable<ResourceFilter["selector"]>): Part {
  const whyNot = compileLabelSelector(selector);
  return ({ metadata }) => whyNot(metadata.labels ?? {});
}

/** On a Namespace it looks at that Namespace's own labels; other cluster-scoped kinds have no labels to look at. */
function namespaceSelectorPart(selector: NonNullable<ResourceFilter["namespaceSelector"]>): Part {
  const whyNot = compileLabelSelector(selector);
  return (trigger, surroundings) => {
    const reason = whyNot(namespaceLabelsOf(trigger, surroundings));
    return reason?.replace("its labels", "the labels of its namespace");
  };
}

function namespaceLabelsOf(trigger: KubernetesObject, surroundings: Surroundings): Labels {
  if (isNamespace(trigger)) return trigger.metadata.labels ?? {};
  return trigger.metadata.namespace === undefined
    ? {}
    : (surroundings.namespaceLabels(trigger.metadata.namespace) ?? {});
}

export function isNamespace(object: KubernetesObject): boolean {
  return object.kind === "Namespace" && object.apiVersion === "v1";
}
