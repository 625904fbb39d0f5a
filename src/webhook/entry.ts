/** Parts of the entries of webhook configurations: for which requests the API server asks, and how we know that it does. */

import { digestOf, type JsonObject, printJson } from "../object/index.ts";
import { type Operation, type RequestKind, requestKey } from "../rule/index.ts";
import { type ConfigurationOptions, clientConfig } from "./configuration.ts";

export type EntryOptions = ConfigurationOptions & {
  /** Namespaces that are left alone, our own among them. */
  leftAlone: readonly string[];
  namespace: string;
  /** The user that this process writes as. */
  ownUser: string;
};

export const PROBED = "perennial-inventory";

/** For which requests the API server asks: kinds that are asked for in the same operations stand together. */
export function requestRules(requests: readonly RequestKind[]): JsonObject[] {
  const byKind = new Map<string, RequestKind & { operations: Set<Operation> }>();
  for (const request of requests) {
    const known = byKind.get(requestKey(request)) ?? { ...request, operations: new Set() };
    for (const operation of request.operations) known.operations.add(operation);
    byKind.set(requestKey(request), known);
  }
  const together = Map.groupBy(byKind.values(), ({ resource, operations }) =>
    [resource.group, resource.version, resource.namespaced, ...[...operations].sort()].join("\n"),
  );
  return [...together.entries()].sort(byKey).map(([, found]) => ruleOf(found));
}

function ruleOf(found: readonly RequestKind[]): JsonObject {
  const [{ resource, operations }] = found as [RequestKind]; // a group is never empty
  return {
    apiGroups: [resource.group],
    apiVersions: [resource.version],
    operations: [...operations].sort(),
    resources: found.map(pathOf).sort(),
    scope: resource.namespaced ? "Namespaced" : "Cluster",
  };
}

function pathOf({ resource, subresource }: RequestKind): string {
  return subresource === "" ? resource.plural : `${resource.plural}/${subresource}`;
}

export function byKey([a]: [string, unknown], [b]: [string, unknown]): number {
  return a < b ? -1 : 1;
}

export const NAMESPACE_NAME = "kubernetes.io/metadata.name";

/** Of cluster-scoped objects it sees nothing, but of Namespaces their own labels. */
export function namespaceSelector(
  rules: readonly { within: ReadonlySet<string> | undefined }[],
  leftAlone: readonly string[],
): JsonObject {
  const named = rules.map(({ within }) => within);
  const isNarrow = named.every((names) => names !== undefined);
  const only = isNarrow ? [...new Set(named.flatMap((names) => [...(names ?? [])]))].sort() : undefined;
  return {
    matchExpressions: [
      { key: NAMESPACE_NAME, operator: "NotIn", values: [...leftAlone].sort() },
      ...(only === undefined || only.length === 0
        ? []
        : [{ key: NAMESPACE_NAME, operator: "In", values: valid(only) }]),
    ],
  };
}

/** A name that no namespace can have means none, and the API server would refuse it. */
function valid(names: readonly string[]): string[] {
  const possible = names.filter((name) => name.length <= 63 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(name));
  return possible.length > 0 ? possible : [""];
}

/** What this process writes itself is no request to be asked about. */
export function notByUs({ ownUser }: Pick<EntryOptions, "ownUser">): { name: string; expression: string } {
  return { name: "not-by-perennial.perennial.dev", expression: `request.userInfo.username != ${quoted(ownUser)}` };
}

/** Where the probe comes in once the API server knows these entries. */
export function probePathOf(webhooks: readonly JsonObject[], { secret, caBundle }: EntryOptions): string {
  return `/probe/${digestOf([secret, printJson([...webhooks]), caBundle])}`;
}

/** Asked for by nobody but us, about an object of ours, and only in a dry run. */
export function probeWebhook(path: string, options: EntryOptions): JsonObject {
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
    timeoutSeconds: 2,
    admissionReviewVersions: ["v1"],
  };
}

/** As a CEL string; names of users have no control characters. */
function quoted(text: string): string {
  return JSON.stringify(text);
}
