/** For which objects the API server has to ask us, because a mutate rule may change them: no more than some rule needs. */

import {
  CREATED_BY,
  digestOf,
  type JsonObject,
  type KubernetesObject,
  printJson,
  type Resource,
  resourceKey,
} from "../object/index.ts";
import type { AdmissionSettings, CompiledMutation, CompiledPolicy, CompiledRule, NamedLabel } from "../rule/index.ts";
import { type ConfigurationOptions, changesAnnotation, clientConfig, metadataOf } from "./configuration.ts";

export type MutationOptions = ConfigurationOptions & {
  /** Of policies that have mutations, or ask who created their triggers, by name. */
  policies: readonly CompiledPolicy[];
  /** Namespaces that are left alone, our own among them. */
  leftAlone: readonly string[];
  namespace: string;
  /** The user that this process writes as. */
  ownUser: string;
  /** The resources that it may write, as keys: only there it costs the API server something to leave our writes out. */
  written: ReadonlySet<string>;
};

/** One entry of the configuration: policies that are asked for in the same way. */
export type MutationEntry = { type: "mutate" | "created-by"; path: string; policies: readonly CompiledPolicy[] };

export type MutationConfiguration = {
  object: KubernetesObject;
  entries: readonly MutationEntry[];
  /** Where the probe comes in once the API server knows this configuration. */
  probePath: string;
};

export const PROBED = "perennial-inventory";

/** Undefined where no rule needs one. */
export function mutationConfiguration(options: MutationOptions): MutationConfiguration | undefined {
  const { secret } = options;
  const policies = options.policies.filter(({ mutations }) => mutations.some(({ triggers }) => triggers.length > 0));
  const asking = options.policies.filter((policy) => askingRules(policy).length > 0);
  if (policies.length + asking.length === 0) return undefined;
  const groups = [...Map.groupBy(policies, groupKey).entries()].sort(byKey);
  const entries: MutationEntry[] = [
    ...groups.map(([key, found]) => ({
      ...{ type: "mutate" as const, path: `/mutate/${secret}/${digestOf([key])}` },
      policies: found,
    })),
    // last, so that it has the last word on its annotation
    ...(asking.length === 0 ? [] : [{ type: "created-by" as const, path: `/created-by/${secret}`, policies: asking }]),
  ];
  const webhooks = entries.map((entry, i) =>
    entry.type === "mutate" ? mutationWebhook(entry, i, options) : createdByWebhook(entry, options),
  );
  const probePath = `/probe/${digestOf([secret, printJson(webhooks), options.caBundle])}`;
  return {
    entries,
    probePath,
    object: {
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: "MutatingWebhookConfiguration",
      metadata: metadataOf(options),
      webhooks: [...webhooks, probeWebhook(probePath, options)],
    },
  };
}

/** Warnings are our own affair. */
function groupKey(policy: CompiledPolicy): string {
  const { failurePolicy, timeoutSeconds, matchConditions } = policy.admission;
  const conditions = matchConditions.map(({ name, expression }) => [name, expression]);
  return printJson([failurePolicy, timeoutSeconds, conditions, ...(sends(policy) ? ["sends"] : [])]);
}

function sends({ mutations }: CompiledPolicy): boolean {
  return mutations.some((mutation) => mutation.sends);
}

function byKey([a]: [string, unknown], [b]: [string, unknown]): number {
  return a < b ? -1 : 1;
}

function mutationWebhook({ path, policies }: MutationEntry, i: number, options: MutationOptions): JsonObject {
  const mutations = policies.flatMap((policy) => policy.mutations);
  const { failurePolicy, timeoutSeconds, matchConditions } = (policies[0] as CompiledPolicy).admission; // never empty
  return {
    name: `mutate-${i}.perennial.dev`,
    clientConfig: clientConfig(path, options),
    rules: rulesOf(mutations),
    failurePolicy,
    matchPolicy: "Equivalent",
    namespaceSelector: namespaceSelector(mutations, options.leftAlone),
    objectSelector: objectSelector(mutations),
    ...conditionsOf([...notByUs(mutations, options), ...matchConditions]),
    // what is sent to services is not sent in a dry run
    sideEffects: policies.some(sends) ? "NoneOnDryRun" : "None",
    reinvocationPolicy: "IfNeeded",
    timeoutSeconds,
    admissionReviewVersions: ["v1"],
  };
}

/** Rules that have to be told who creates their triggers. */
function askingRules({ rules }: CompiledPolicy): CompiledRule[] {
  return rules.filter(({ asksCreator, triggers }) => asksCreator !== undefined && triggers.length > 0);
}

/** Labels may come later, so they do not narrow it. Of updates it is asked for those that touch the annotation. */
function createdByWebhook({ path, policies }: MutationEntry, options: MutationOptions): JsonObject {
  const operations = new Set(["CREATE", "UPDATE"] as const);
  const asked = policies.flatMap(askingRules).map(({ triggers, within }) => ({ triggers, within, operations }));
  return {
    name: "created-by.perennial.dev",
    clientConfig: clientConfig(path, options),
    rules: rulesOf(asked),
    failurePolicy: "Ignore",
    matchPolicy: "Equivalent",
    namespaceSelector: namespaceSelector(asked, options.leftAlone),
    objectSelector: {},
    ...conditionsOf([...notByUs(asked, options), TOUCHES_IT]),
    sideEffects: "None",
    reinvocationPolicy: "IfNeeded",
    timeoutSeconds: 5,
    admissionReviewVersions: ["v1"],
  };
}

const TOUCHES_IT = {
  name: "created-by.perennial.dev",
  expression: `request.operation == 'CREATE' || ${changesAnnotation(CREATED_BY)}`,
};

/** A condition costs the API server about as much as half a call; so none is better than one that always holds. */
function conditionsOf(conditions: AdmissionSettings["matchConditions"]): JsonObject {
  if (conditions.length === 0) return {};
  return { matchConditions: conditions.map(({ name, expression }) => ({ name, expression })) };
}

function notByUs(
  mutations: readonly Asked[],
  { ownUser, written }: MutationOptions,
): AdmissionSettings["matchConditions"] {
  const mayMeet = mutations.some(({ triggers }) => triggers.some((resource) => written.has(resourceKey(resource))));
  if (!mayMeet) return [];
  return [{ name: "not-by-perennial.perennial.dev", expression: `request.userInfo.username != ${quoted(ownUser)}` }];
}

/** What the API server is to ask for. */
type Asked = Readonly<Pick<CompiledMutation, "triggers" | "within" | "operations">>;

/** Kinds that are asked for in the same operations stand together. */
export function rulesOf(mutations: readonly Asked[]): JsonObject[] {
  const operations = new Map<string, { resource: Resource; operations: Set<string> }>();
  for (const mutation of mutations) {
    for (const resource of mutation.triggers) {
      const known = operations.get(resourceKey(resource)) ?? { resource, operations: new Set() };
      for (const operation of mutation.operations) known.operations.add(operation);
      operations.set(resourceKey(resource), known);
    }
  }
  const sorted = [...operations.values()].map(({ resource, operations: asked }) => ({
    resource,
    operations: [...asked].sort(),
  }));
  const together = Map.groupBy(sorted, ({ resource, operations: asked }) =>
    [resource.group, resource.version, resource.namespaced, ...asked].join("\n"),
  );
  return [...together.entries()].sort(byKey).map(([, found]) => ruleOf(found));
}

function ruleOf(found: readonly { resource: Resource; operations: string[] }[]): JsonObject {
  const [{ resource, operations }] = found as [{ resource: Resource; operations: string[] }]; // a group is never empty
  return {
    apiGroups: [resource.group],
    apiVersions: [resource.version],
    operations,
    resources: found.map((each) => each.resource.plural).sort(),
    scope: resource.namespaced ? "Namespaced" : "Cluster",
  };
}

export const NAMESPACE_NAME = "kubernetes.io/metadata.name";

/** Of cluster-scoped objects it sees nothing, but of Namespaces their own labels. */
function namespaceSelector(mutations: readonly Asked[], leftAlone: readonly string[]): JsonObject {
  const named = mutations.map(({ within }) => within);
  const isNarrow = named.every((names) => names !== undefined);
  const only = isNarrow ? [...new Set(named.flatMap((names) => [...(names ?? [])]))].sort() : undefined;
  return {
    matchExpressions: [
      { key: NAMESPACE_NAME, operator: "NotIn", values: [...leftAlone].sort() },
      ...(only === undefined || only.length === 0 ? [] : [{ key: NAMESPACE_NAME, operator: "In", values: only }]),
    ],
  };
}

/** Where all rules ask for the same label. */
function objectSelector(mutations: readonly CompiledMutation[]): JsonObject {
  const wanted = new Map<string, NamedLabel>();
  for (const { labels } of mutations) {
    if (labels === undefined) return {};
    for (const label of labels) wanted.set(printJson([label.key, label.value ?? null]), label);
  }
  const [label, ...others] = wanted.values();
  if (label === undefined || others.length > 0) return {};
  return {
    matchExpressions: [
      label.value === undefined
        ? { key: label.key, operator: "Exists" }
        : { key: label.key, operator: "In", values: [label.value] },
    ],
  };
}

/** Asked for by nobody but us, about an object of ours, and only in a dry run. */
function probeWebhook(path: string, options: MutationOptions): JsonObject {
  return {
    name: "probe.perennial.dev",
    clientConfig: clientConfig(path, options),
    rules: [
      {
        apiGroups: [""],
        apiVersions: ["v1"],
        operations: ["CREATE", "UPDATE"],
        resources: ["configmaps"],
        scope: "Namespaced",
      },
    ],
    failurePolicy: "Ignore",
    matchPolicy: "Exact",
    namespaceSelector: { matchExpressions: [{ key: NAMESPACE_NAME, operator: "In", values: [options.namespace] }] },
    objectSelector: {},
    matchConditions: [
      {
        name: "probe.perennial.dev",
        expression: `request.dryRun == true && request.name == ${quoted(PROBED)} && request.userInfo.username == ${quoted(options.ownUser)}`,
      },
    ],
    sideEffects: "None",
    reinvocationPolicy: "Never",
    timeoutSeconds: 2,
    admissionReviewVersions: ["v1"],
  };
}

/** As a CEL string; names of users have no control characters. */
export function quoted(text: string): string {
  return JSON.stringify(text);
}
