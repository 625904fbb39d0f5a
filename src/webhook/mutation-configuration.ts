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
import { isStored } from "../policy/index.ts";
import type {
  AdmissionSettings,
  CompiledMutation,
  CompiledPolicy,
  CompiledRule,
  NamedLabel,
  RequestKind,
} from "../rule/index.ts";
import { changesAnnotation, clientConfig, metadataOf } from "./configuration.ts";
import { type EntryOptions, namespaceSelector, notByUs, probePathOf, probeWebhook, requestRules } from "./entry.ts";

export type MutationOptions = EntryOptions & {
  /** Of policies that have mutations, or ask who created their triggers, by name. */
  policies: readonly CompiledPolicy[];
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

/** Undefined where no rule needs one. */
export function mutationConfiguration(options: MutationOptions): MutationConfiguration | undefined {
  const { secret } = options;
  const policies = options.policies.filter(({ mutations }) => mutations.some(({ requests }) => requests.length > 0));
  const asking = options.policies.filter((policy) => askingRules(policy).length > 0);
  if (policies.length + asking.length === 0) return undefined;
  const groups = [...Map.groupBy(policies, groupKey).entries()]; // in the order of the first policy of each
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
  const probePath = probePathOf(webhooks, options);
  return {
    entries,
    probePath,
    object: {
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: "MutatingWebhookConfiguration",
      metadata: metadataOf(options),
      webhooks: [...webhooks, { ...probeWebhook(probePath, options), reinvocationPolicy: "Never" }],
    },
  };
}

/**
 * One entry asks for all of its kinds in all of its namespaces, and may have all of them wait for us. So policies share one only
 * where that is no more than they ask for: all anywhere, or the same kinds. Warnings are our own affair.
 */
function groupKey(policy: CompiledPolicy): string {
  const { mutations, admission } = policy;
  const { failurePolicy, timeoutSeconds, matchConditions } = admission;
  const conditions = matchConditions.map(({ name, expression }) => [name, expression]);
  const isNarrow = mutations.every(({ within }) => within !== undefined);
  const kinds = isNarrow ? requestRules(mutations.flatMap(({ requests }) => requests)) : "anywhere";
  const way = [failurePolicy, timeoutSeconds, conditions, sends(policy) ? "sends" : "keeps", appends(policy)];
  return printJson([...way, objectSelector(mutations), kinds]);
}

function sends({ mutations }: CompiledPolicy): boolean {
  return mutations.some((mutation) => mutation.sends);
}

function appends({ mutations }: CompiledPolicy): boolean {
  return mutations.some((mutation) => mutation.appends);
}

function mutationWebhook({ path, policies }: MutationEntry, i: number, options: MutationOptions): JsonObject {
  const mutations = policies.flatMap((policy) => policy.mutations);
  const { failurePolicy, timeoutSeconds, matchConditions } = (policies[0] as CompiledPolicy).admission; // never empty
  return {
    name: `mutate-${i}.perennial.dev`,
    clientConfig: clientConfig(path, options),
    rules: requestRules(mutations.flatMap(({ requests }) => requests)),
    failurePolicy,
    matchPolicy: "Equivalent",
    namespaceSelector: namespaceSelector(mutations, options.leftAlone),
    objectSelector: objectSelector(mutations),
    ...conditionsOf([...(mayMeet(mutations, options) ? [notByUs(options)] : []), ...matchConditions]),
    // what is sent to services is not sent in a dry run
    sideEffects: policies.some(sends) ? "NoneOnDryRun" : "None",
    // what would put something in twice is asked about once
    reinvocationPolicy: policies.some(appends) ? "Never" : "IfNeeded",
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
  const asked = policies.flatMap(askingRules).map(({ triggers, within }) => ({
    within,
    requests: triggers.flatMap(writesOf),
  }));
  return {
    name: "created-by.perennial.dev",
    clientConfig: clientConfig(path, options),
    rules: requestRules(asked.flatMap(({ requests }) => requests)),
    failurePolicy: "Ignore",
    matchPolicy: "Equivalent",
    namespaceSelector: namespaceSelector(asked, options.leftAlone),
    objectSelector: {},
    ...conditionsOf([...(mayMeet(asked, options) ? [notByUs(options)] : []), TOUCHES_IT]),
    sideEffects: "None",
    reinvocationPolicy: "IfNeeded",
    timeoutSeconds: 5,
    admissionReviewVersions: ["v1"],
  };
}

/** Annotations can be written through its status as well. */
function writesOf(resource: Resource): RequestKind[] {
  const stored = (resource.subresources ?? []).filter(({ name }) => isStored(name));
  return [
    { resource, subresource: "", operations: new Set(["CREATE", "UPDATE"]) },
    ...stored.map(({ name }) => ({ resource, subresource: name, operations: new Set(["UPDATE" as const]) })),
  ];
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

/** What the API server is to ask for. */
type Asked = Pick<CompiledMutation, "requests" | "within">;

function mayMeet(asked: readonly Asked[], { written }: MutationOptions): boolean {
  return asked.some(({ requests }) => requests.some(({ resource }) => written.has(resourceKey(resource))));
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
