/** The webhook configurations that should exist: values, derived from what there is to be called for. */

import { isEqual, isJsonObject, type Json, type JsonObject, type KubernetesObject, KYVERNO } from "../object/index.ts";
import { GROUP } from "../policy/index.ts";
import { AUTOGEN_ANNOTATION } from "../rule/index.ts";

/** Under which URL the API server reaches us: that of a Service in the cluster, or one that was given. */
export type Reach = { url: string } | { service: { namespace: string; name: string } };

export type ConfigurationOptions = {
  /** Names the configurations: several installations do not share one. */
  installation: string;
  reach: Reach;
  /** PEM: whom the API server trusts to be us. */
  caBundle: string;
  kyverno: boolean;
  /** Part of the paths, known to the API server and to us alone: who does not know it gets no answer. */
  secret: string;
  /** True where policies of the group are not to be written while nobody can check them. */
  mustAnswer(group: string): boolean;
  /** Of our own namespace, with which they go; undefined while it is not known. */
  owner: { name: string; uid: string } | undefined;
};

/** A review says who may do what, so only the API server is to know where it is asked for. */
export function policiesPath(secret: string): string {
  return `/policies/${secret}`;
}

/** Seconds; a policy is checked in milliseconds. */
const POLICY_TIMEOUT = 5;

/** Else a policy could not be labelled, nor let go of, while nobody answers. The same as `isSameSpec` of the review. */
const WHAT_IT_DOES_CHANGES: JsonObject = {
  name: "what-it-does-changes",
  expression: [
    "oldObject == null",
    "!has(object.spec) || !has(oldObject.spec) || object.spec != oldObject.spec",
    changesAnnotation(AUTOGEN_ANNOTATION),
  ].join(" || "),
};

/** In CEL, of an update. */
export function changesAnnotation(name: string): string {
  const valueIn = (root: string): string => {
    const annotations = `${root}.metadata.annotations`;
    return `(has(${annotations}) && '${name}' in ${annotations} ? ${annotations}['${name}'] : '')`;
  };
  return `${valueIn("object")} != ${valueIn("oldObject")}`;
}

/** Has the policies themselves checked while they are written. `besides`: further entries. */
export function policyConfiguration(
  options: ConfigurationOptions,
  besides: readonly JsonObject[] = [],
): KubernetesObject {
  const groups = [GROUP, ...(options.kyverno ? [KYVERNO] : [])];
  return {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "ValidatingWebhookConfiguration",
    metadata: metadataOf(options),
    webhooks: [...groups.map((group) => policyWebhook(group, options)), ...besides],
  };
}

/** Every default is written out, so that what is stored can be compared. */
function policyWebhook(group: string, options: ConfigurationOptions): JsonObject {
  return {
    name: `policies.${group}`,
    clientConfig: clientConfig(policiesPath(options.secret), options),
    rules: [
      {
        apiGroups: [group],
        apiVersions: ["*"],
        operations: ["CREATE", "UPDATE"],
        resources: ["clusterpolicies", "policies"],
        scope: "*",
      },
    ],
    failurePolicy: options.mustAnswer(group) ? "Fail" : "Ignore",
    matchPolicy: "Exact",
    namespaceSelector: {},
    objectSelector: {},
    sideEffects: "None",
    timeoutSeconds: POLICY_TIMEOUT,
    admissionReviewVersions: ["v1"],
    matchConditions: [WHAT_IT_DOES_CHANGES],
  };
}

export function metadataOf({ installation, owner }: ConfigurationOptions): KubernetesObject["metadata"] {
  return {
    name: installation,
    labels: { "app.kubernetes.io/name": "perennial", "perennial.dev/installation": installation },
    ...(owner === undefined ? {} : { ownerReferences: [{ apiVersion: "v1", kind: "Namespace", ...owner }] }),
  };
}

export function clientConfig(path: string, { reach, caBundle }: ConfigurationOptions): JsonObject {
  const authorities = Buffer.from(caBundle).toString("base64");
  if ("url" in reach) return { url: `${reach.url.replace(/\/$/, "")}${path}`, caBundle: authorities };
  return { service: { ...reach.service, path, port: 443 }, caBundle: authorities };
}

/** True when what is stored calls us as it should: all that we want is there. What others added is theirs. */
export function isAsDerived(stored: KubernetesObject | undefined, derived: KubernetesObject): boolean {
  if (stored === undefined) return false;
  const found = webhooksOf(stored);
  const wanted = webhooksOf(derived);
  return (
    isEqual(ownersOf(stored), ownersOf(derived)) &&
    found.filter(({ name }) => OURS.test(String(name))).length === wanted.length &&
    wanted.every((webhook) => found.some((other) => isEqual(other, webhook)))
  );
}

/** The names of our entries. */
const OURS = /^(policies\.(perennial\.dev|kyverno\.io)|(mutate-\d+|created-by|users|requests|probe)\.perennial\.dev)$/;

function webhooksOf({ webhooks }: KubernetesObject): JsonObject[] {
  return Array.isArray(webhooks) ? webhooks.filter((webhook: Json) => isJsonObject(webhook)) : [];
}

function ownersOf({ metadata }: KubernetesObject): Json {
  return (metadata.ownerReferences ?? []).map(({ kind, name, uid }) => ({ kind, name, uid }));
}
