/** The permissions that it takes to write what a rule writes, and those that what is written would give to others. */

import { isJsonObject, type Json, type JsonObject, KYVERNO, type Resource } from "../object/index.ts";
import { GROUP } from "../policy/index.ts";
import { everything, type Need, type ResourceNeed } from "./need.ts";
import { literal } from "./place.ts";

export type WrittenTarget = {
  /** Where the rule says it. */
  path: string;
  /** As written, perhaps with variables. */
  name?: string | undefined;
  namespace?: string | undefined;
  confinedTo: string | undefined;
  /** The content as written; undefined: only known later. */
  data?: JsonObject | undefined;
  /** When other than those of what is made. */
  verbs?: readonly string[];
};

/** Status and Events tell what is there, so it takes the right to read, too. */
export const CHANGE: readonly string[] = ["get", "create", "patch"];
const WRITE: readonly string[] = [...CHANGE, "delete"];
/** Of what exists, wherever it is found. */
export const PATCH: readonly string[] = ["get", "list", "patch"];

/** A namespace that is computed may be any, and so may a name. */
export function needsToWrite(resource: Resource, target: WrittenTarget): Need[] {
  const { path, confinedTo, verbs = WRITE } = target;
  const namespace = resource.namespaced ? (literal(target.namespace) ?? confinedTo ?? "") : undefined;
  const name = literal(target.name);
  const { group, plural } = resource;
  const own: ResourceNeed = { path, verbs, group, resource: plural, namespace, name };
  return [own, ...needsToEmpower(resource, { ...target, namespace, name })];
}

/** Of objects that are seen as they are, and written through a subresource: it gives no rights. */
export function needsToWritePart(subresource: string): (resource: Resource, target: WrittenTarget) => Need[] {
  return (resource, target) => {
    const { path, confinedTo } = target;
    const namespace = resource.namespaced ? (literal(target.namespace) ?? confinedTo ?? "") : undefined;
    const shared = { path, group: resource.group, namespace, name: literal(target.name) };
    return [
      { ...shared, verbs: ["get", "list"], resource: resource.plural },
      { ...shared, verbs: ["patch"], resource: `${resource.plural}/${subresource}` },
    ];
  };
}

/**
 * Of a rule that changes what others write: what it makes of that, the API server lets them do. Whatever it matches it may
 * change into anything.
 */
export function needsToChange(
  triggers: readonly Resource[],
  {
    path,
    within,
    confinedTo,
  }: { path: string; within: ReadonlySet<string> | undefined; confinedTo: string | undefined },
): Need[] {
  const places = within === undefined ? [undefined] : [...within];
  return triggers.flatMap((resource) =>
    (resource.namespaced ? places : [undefined]).flatMap((namespace) =>
      needsToWrite(resource, { path, namespace, confinedTo, verbs: CHANGE }),
    ),
  );
}

/** Of a kind that nobody serves yet, which may be called anything there: once it is served, it may be a policy as well. */
export function needsToWriteUnknown(group: string, { path, confinedTo = "", verbs = WRITE }: WrittenTarget): Need[] {
  if (isOfPolicies(group)) return [everything(path, confinedTo)];
  return [{ path, verbs, group, resource: "*", namespace: confinedTo }];
}

function isOfPolicies(group: string): boolean {
  return group === GROUP || group === KYVERNO;
}

const RBAC = "rbac.authorization.k8s.io";

/**
 * Some objects give rights to others, and the API server asks for them who writes one: of what a rule writes, that is the
 * operator. Policies are such objects: one that a rule writes would be checked against the operator.
 */
function needsToEmpower(resource: Resource, target: WrittenTarget): Need[] {
  const { group, kind } = resource;
  if (isOfPolicies(group)) return [everything(target.path, target.namespace)];
  if (group !== RBAC) return [];
  return kind.endsWith("Binding") ? needsToBind(target) : [needToEscalate(resource, target)];
}

function needsToBind({ path, namespace, data }: WrittenTarget): Need[] {
  const at = data === undefined ? path : `${path}.data.roleRef`;
  const role = data?.roleRef;
  const written = isJsonObject(role) ? role : {};
  const kind = literalOf(written.kind);
  const name = literalOf(written.name);
  const bind = (resource: string): Need => ({ path: at, verbs: ["bind"], group: RBAC, resource, namespace, name });
  if (kind === "Role") return [bind("roles")];
  if (kind === "ClusterRole") return [bind("clusterroles")];
  return [bind("roles"), bind("clusterroles")];
}

function needToEscalate({ plural }: Resource, { path, namespace, name, data }: WrittenTarget): Need {
  const or = data === undefined ? undefined : needsToGrant(data, { path: `${path}.data`, namespace });
  const at = data === undefined ? path : `${path}.data.rules`;
  const need = { path: at, verbs: ["escalate"], group: RBAC, resource: plural, namespace, name };
  return or === undefined ? need : { ...need, or };
}

/** More questions than this about one role are not asked: it takes the right to escalate. */
const MOST_RIGHTS = 64;

/** The rights that a role gives; undefined where they are not all written out. */
function needsToGrant(data: JsonObject, place: { path: string; namespace: string | undefined }): Need[] | undefined {
  const isOpen = data.aggregationRule !== undefined || Object.keys(data).some(varies);
  const rules = data.rules ?? [];
  if (isOpen || !Array.isArray(rules)) return undefined;
  const rights = rules.map((rule, i) => rightsOf(rule, { ...place, path: `${place.path}.rules[${i}]` }));
  const all = rights.flatMap((found) => found ?? []);
  return rights.includes(undefined) || all.length > MOST_RIGHTS ? undefined : all;
}

function rightsOf(rule: Json, { path, namespace }: { path: string; namespace: string | undefined }) {
  if (!isJsonObject(rule) || Object.keys(rule).some(varies)) return undefined;
  const lists = ["verbs", "apiGroups", "resources", "resourceNames", "nonResourceURLs"].map((key) => texts(rule[key]));
  const [verbs, groups, resources, names, urls] = lists;
  if (!verbs || !groups || !resources || !names || !urls) return undefined;
  const count = verbs.length * (groups.length * resources.length * Math.max(names.length, 1) + urls.length);
  if (count > MOST_RIGHTS) return undefined;
  const scope = namespace === undefined ? "" : namespace;
  const named = names.length === 0 ? [undefined] : names;
  const rights: Need[] = groups.flatMap((group) =>
    resources.flatMap((resource) => named.map((name) => ({ path, verbs, group, resource, namespace: scope, name }))),
  );
  return [...rights, ...urls.map((url): Need => ({ path, verbs, url }))];
}

/** Undefined where it is no list of texts that are written out. */
function texts(value: Json | undefined): string[] | undefined {
  const list = value ?? [];
  if (!Array.isArray(list)) return undefined;
  const found = list.map(literalOf);
  return found.includes(undefined) ? undefined : found.filter((text) => text !== undefined);
}

function literalOf(value: Json | undefined): string | undefined {
  return typeof value === "string" ? literal(value) : undefined;
}

function varies(key: string): boolean {
  return literal(key) === undefined;
}
