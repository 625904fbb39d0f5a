/** The scene of one cell: a policy with one rule, a trigger, sources, and the targets that come of it. */

export const COLUMNS = ["data", "clone", "cloneList", "data, once", "clone, once", "cloneList, once"] as const;
export type Column = (typeof COLUMNS)[number];

/** What a scene may have otherwise than most; a change of the policy is a change of these. */
export type Parts = {
  /** The target's name. A cloneList gives its copies the names of the sources. */
  name: string;
  /** What `data` writes. */
  value: string;
  /** What is cloned: the name of a source; a cloneList takes those that carry `label`. */
  source: string;
  label: string;
  /** The label that triggers carry. */
  triggers: string;
  operations: string[];
  /** The names of foreach's elements are in the trigger's data. */
  foreach: boolean;
  orphan: boolean;
  /** Another rule, which makes nothing here, stands first; `without`: it stands alone. */
  rules: "only" | "second" | "without";
};

export const USUAL: Parts = {
  name: "made",
  value: "{{ request.object.data.v }}",
  source: "made",
  label: "copied",
  triggers: "trigger",
  operations: [],
  foreach: false,
  orphan: false,
  rules: "only",
};

export const SHARED_ORIGIN = "origin";

/** Where the sources lie: a cloneList looks at all that is there, so it has a namespace of its own. */
export function originOf(id: string, column: Column): string {
  return column.startsWith("cloneList") ? `${id}-origin` : SHARED_ORIGIN;
}

/** Names start with the cell's id, so that sources of many cells may lie in one namespace. */
export function nameIn(id: string, name: string): string {
  return `${id}-${name}`;
}

export function policyOf(id: string, column: Column, parts: Parts): object {
  const rule = {
    name: "rule",
    match: { any: [{ resources: triggersOf(id, parts) }] },
    context: [{ name: "settings", configMap: { name: "settings", namespace: id } }],
    preconditions: { all: [{ key: "{{ request.object.data.on }}", operator: "Equals", value: "yes" }] },
    generate: generateOf(id, column, parts),
  };
  const idle = { ...rule, name: "idle", preconditions: { all: [{ key: "a", operator: "Equals", value: "b" }] } };
  const rules = { only: [rule], second: [idle, rule], without: [idle] }[parts.rules];
  return { apiVersion: "perennial.dev/v1", kind: "ClusterPolicy", metadata: { name: id }, spec: { rules } };
}

function triggersOf(id: string, { triggers, operations }: Parts): object {
  return {
    kinds: ["ConfigMap"],
    namespaces: [id],
    selector: { matchLabels: { cell: triggers } },
    ...(operations.length === 0 ? {} : { operations }),
  };
}

function generateOf(id: string, column: Column, parts: Parts): object {
  const more = {
    ...(column.endsWith("once") ? { synchronize: false } : {}),
    ...(parts.orphan ? { orphanDownstreamOnPolicyDelete: true } : {}),
  };
  if (!parts.foreach) return { ...blockOf(id, column, parts), ...more };
  const each = blockOf(id, column, {
    ...parts,
    name: "{{ element }}",
    source: "{{ element }}",
    label: "{{ element }}",
  });
  return { foreach: [{ list: "split(request.object.data.list, ',')", ...each }], ...more };
}

function blockOf(id: string, column: Column, { name, value, source, label }: Parts): object {
  const target = { apiVersion: "v1", kind: "ConfigMap", name: nameIn(id, name), namespace: id };
  if (column.startsWith("data")) return { ...target, data: { data: { v: value } } };
  if (!column.startsWith("cloneList"))
    return { ...target, clone: { namespace: originOf(id, column), name: nameIn(id, source) } };
  const selector = { matchLabels: { cell: nameIn(id, label) } };
  return { namespace: id, cloneList: { namespace: originOf(id, column), kinds: ["v1/ConfigMap"], selector } };
}
