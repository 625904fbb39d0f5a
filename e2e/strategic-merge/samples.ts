/** Objects of several kinds and strategic merge patches for them, as a seed decides. */

import type { Json, JsonObject } from "../../src/object/index.ts";
import type { Random } from "../property/random.ts";
import { settledPatch } from "./settled.ts";

export type Sample = { kind: string; path: string; object: JsonObject; patch: JsonObject };

const NAMESPACE = "default";

const CORE = `/api/v1/namespaces/${NAMESPACE}`;
const PATHS: { readonly [kind: string]: string } = {
  ConfigMap: `${CORE}/configmaps`,
  Service: `${CORE}/services`,
  ServiceAccount: `${CORE}/serviceaccounts`,
  PodTemplate: `${CORE}/podtemplates`,
  Deployment: `/apis/apps/v1/namespaces/${NAMESPACE}/deployments`,
  CronJob: `/apis/batch/v1/namespaces/${NAMESPACE}/cronjobs`,
  NetworkPolicy: `/apis/networking.k8s.io/v1/namespaces/${NAMESPACE}/networkpolicies`,
  PodDisruptionBudget: `/apis/policy/v1/namespaces/${NAMESPACE}/poddisruptionbudgets`,
  ValidatingWebhookConfiguration: "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations",
};

const GROUPS: { readonly [kind: string]: string } = {
  Deployment: "apps/v1",
  CronJob: "batch/v1",
  NetworkPolicy: "networking.k8s.io/v1",
  PodDisruptionBudget: "policy/v1",
  ValidatingWebhookConfiguration: "admissionregistration.k8s.io/v1",
};

/** `owners`: ConfigMaps that are there, as the garbage collector deletes what names others. */
export function sampleFrom(random: Random, name: string, owners: readonly JsonObject[]): Sample {
  const kind = random.pick(Object.keys(PATHS));
  const make = new Maker(random, PATHS[kind]?.startsWith(`${CORE}/`) ? owners : []);
  const object = { apiVersion: GROUPS[kind] ?? "v1", kind, metadata: { name, ...make.metadata(false) } };
  const made = { ...object, ...make.content(kind, false) };
  const patch = settledPatch({ metadata: make.metadata(true), ...make.content(kind, true) }, made);
  return { kind, path: PATHS[kind] ?? "", object: made, patch };
}

const NAMES = ["a", "b", "c", "d"];

/** The same shapes for objects and patches; a patch leaves out more, and has directives. */
class Maker {
  readonly #random: Random;
  readonly #owners: readonly JsonObject[];

  constructor(random: Random, owners: readonly JsonObject[]) {
    this.#random = random;
    this.#owners = owners;
  }

  metadata(isPatch: boolean): JsonObject {
    const deletes = isPatch && this.#random.chance(0.2); // one that the patch does not add: the server does either first
    const finalizers = this.#some(
      deletes ? ["x.example.com/a"] : ["x.example.com/a", "x.example.com/b", "x.example.com/c"],
    );
    return {
      ...this.#maybe("labels", () => this.texts(isPatch), isPatch),
      ...this.#maybe("annotations", () => this.texts(isPatch), isPatch),
      ...this.#maybe("finalizers", () => finalizers, isPatch),
      ...(deletes ? { "$deleteFromPrimitiveList/finalizers": ["x.example.com/b"] } : {}),
      ...this.#maybe("ownerReferences", () => this.owners(isPatch), isPatch),
    };
  }

  texts(isPatch: boolean): JsonObject {
    const entries = this.#some(["k1", "k2", "k3"]).map((key) => [
      key,
      this.#orNull(() => this.#pick("1", "2"), isPatch),
    ]);
    return this.#directed(Object.fromEntries(entries) as JsonObject, isPatch); // values are JSON
  }

  content(kind: string, isPatch: boolean): JsonObject {
    switch (kind) {
      case "ConfigMap":
        return this.#maybe("data", () => this.texts(isPatch), isPatch);
      case "ServiceAccount":
        return {
          ...this.#maybe("secrets", () => this.#elements("name", isPatch, () => ({})), isPatch),
          ...this.#maybe("imagePullSecrets", () => this.#some(NAMES).map((name) => ({ name })), isPatch),
        };
      case "Service":
        return { spec: this.service(isPatch) };
      case "PodTemplate":
        return { template: this.template(isPatch) };
      case "Deployment":
        return { spec: this.deployment(isPatch) };
      case "CronJob":
        return { spec: this.cronJob(isPatch) };
      case "NetworkPolicy":
        return { spec: this.networkPolicy(isPatch) };
      case "PodDisruptionBudget":
        return { spec: this.disruptionBudget(isPatch) };
      default:
        return {
          webhooks: this.#elements(
            "name",
            isPatch,
            () => this.webhook(isPatch),
            (name) => `${name}.x.example.com`,
          ),
        };
    }
  }

  owners(isPatch: boolean): Json[] {
    return this.#some(this.#owners).map((owner) => {
      if (isPatch && this.#random.chance(0.2)) return { uid: owner.uid ?? "", $patch: "delete" };
      return { apiVersion: "v1", kind: "ConfigMap", ...owner, blockOwnerDeletion: this.#random.chance(0.5) };
    });
  }

  service(isPatch: boolean): JsonObject {
    const port = (): JsonObject => ({
      name: "",
      ...this.#maybe("targetPort", () => this.#random.below(9) + 1, isPatch),
    });
    const ports = NAMES.map((name, i) => ({ ...port(), name, port: 80 + i })).filter(() => this.#random.chance(0.6));
    return {
      ...(isPatch ? {} : { ports: ports.length > 0 ? ports : [{ name: "a", port: 80 }] }),
      ...(isPatch ? this.#maybe("ports", () => ports, true) : {}),
      ...this.#maybe("selector", () => this.texts(isPatch), isPatch),
      ...this.#maybe("sessionAffinity", () => this.#pick("None", "ClientIP"), isPatch),
    };
  }

  deployment(isPatch: boolean): JsonObject {
    const labels = { app: "x" };
    const template = this.template(isPatch) as { metadata: JsonObject; spec: JsonObject }; // as made below
    if (isPatch) return { ...this.#maybe("replicas", () => this.#random.below(3), true), template };
    return { selector: { matchLabels: labels }, replicas: 0, template: { ...template, metadata: { labels } } };
  }

  cronJob(isPatch: boolean): JsonObject {
    const template = this.template(isPatch) as { metadata: JsonObject; spec: JsonObject }; // as made below
    const spec = isPatch ? template.spec : { ...template.spec, restartPolicy: "Never" };
    const job = { jobTemplate: { spec: { template: { ...template, spec } } } };
    return isPatch ? job : { schedule: "@daily", suspend: true, ...job };
  }

  template(isPatch: boolean): JsonObject {
    return { metadata: isPatch ? {} : { labels: { app: "x" } }, spec: this.pod(isPatch) };
  }

  pod(isPatch: boolean): JsonObject {
    const containers = this.#elements("name", isPatch, () => this.container(isPatch));
    const isOrdered = isPatch && this.#random.chance(0.4);
    const order = isOrdered ? { "$setElementOrder/containers": this.#orderOf(containers) } : {};
    return {
      ...order,
      containers: isPatch || containers.length > 0 ? containers : [{ name: "a", image: "i" }],
      ...this.#maybe("volumes", () => this.volumes(isPatch), isPatch),
      ...this.#maybe("imagePullSecrets", () => this.#elements("name", isPatch, () => ({})), isPatch),
      ...this.#maybe("hostAliases", () => this.hostAliases(isPatch), isPatch),
      ...this.#maybe("tolerations", () => this.#some(NAMES).map((key) => ({ key, operator: "Exists" })), isPatch),
      ...this.#maybe("nodeSelector", () => this.texts(isPatch), isPatch),
      ...this.#maybe("securityContext", () => this.#directed({ runAsUser: this.#random.below(3) }, isPatch), isPatch),
    };
  }

  container(isPatch: boolean): JsonObject {
    const ports = (): Json[] =>
      [8, 9].filter(() => this.#random.chance(0.6)).map((containerPort) => ({ containerPort }));
    const variables = (): Json[] => this.#elements("name", isPatch, () => ({ value: this.#pick("1", "2") }));
    return {
      ...(isPatch && this.#random.chance(0.3) ? {} : { image: this.#pick("i", "j") }),
      ...this.#maybe("env", variables, isPatch),
      ...this.#maybe("ports", ports, isPatch),
      ...this.#maybe("args", () => this.#some(NAMES), isPatch),
      ...this.#maybe("resources", () => this.#directed({ limits: { cpu: this.#pick("1", "2") } }, isPatch), isPatch),
    };
  }

  volumes(isPatch: boolean): Json[] {
    const volume = (): JsonObject => {
      const name = this.#pick("m", "n");
      if (!isPatch) return this.#random.chance(0.5) ? { emptyDir: {} } : { configMap: { name } };
      const source = { configMap: { name }, emptyDir: null };
      return this.#random.chance(0.5) ? source : { $retainKeys: ["name", "configMap"], configMap: { name } };
    };
    return this.#elements("name", isPatch, volume);
  }

  hostAliases(isPatch: boolean): Json[] {
    const ip = (name: string): string => `10.0.0.${NAMES.indexOf(name)}`;
    return this.#elements("ip", isPatch, () => ({ hostnames: this.#some(["h", "k"]) }), ip);
  }

  networkPolicy(isPatch: boolean): JsonObject {
    const rule = (): JsonObject => ({ ports: [{ port: this.#random.below(9) + 1 }] });
    return {
      ...(isPatch ? {} : { podSelector: {} }),
      ...this.#maybe("podSelector", () => ({ matchLabels: this.texts(isPatch) }), isPatch),
      ...this.#maybe("ingress", () => [rule(), rule()], isPatch),
    };
  }

  disruptionBudget(isPatch: boolean): JsonObject {
    const selector = (): JsonObject => ({ matchLabels: this.texts(false) });
    return { ...(isPatch ? {} : { minAvailable: 1 }), ...this.#maybe("selector", selector, isPatch) };
  }

  webhook(isPatch: boolean): JsonObject {
    const conditions = (): Json[] =>
      this.#elements("name", isPatch, () => ({ expression: this.#pick("true", "false") }));
    return {
      ...(isPatch
        ? {}
        : { clientConfig: { url: "https://x.example.com" }, sideEffects: "None", admissionReviewVersions: ["v1"] }),
      // no rules: it is never called
      ...this.#maybe("timeoutSeconds", () => this.#random.below(9) + 1, isPatch),
      ...this.#maybe("matchConditions", conditions, isPatch),
    };
  }

  /** Of a keyed list: each key at most once. */
  #elements(
    key: string,
    isPatch: boolean,
    element: () => JsonObject,
    keyOf: (name: string) => string = (name) => name,
  ): JsonObject[] {
    const found = this.#some(NAMES).map((name): JsonObject => {
      if (isPatch && this.#random.chance(0.15)) return { [key]: keyOf(name), $patch: "delete" };
      return { [key]: keyOf(name), ...element() };
    });
    return isPatch && this.#random.chance(0.05) ? [{ $patch: "replace" }, ...found] : found;
  }

  #orderOf(elements: readonly JsonObject[]): Json[] {
    const kept = elements.filter(({ $patch }) => $patch === undefined).map(({ name = "" }) => ({ name }));
    const others = NAMES.filter((name) => !elements.some((element) => element.name === name));
    return [...kept, ...others.filter(() => this.#random.chance(0.5)).map((name) => ({ name }))];
  }

  #directed(map: JsonObject, isPatch: boolean): JsonObject {
    if (!isPatch || this.#random.chance(0.8)) return map;
    if (this.#random.chance(0.5)) return { $patch: "delete" };
    // the server takes a null in what replaces for a value
    const given = Object.entries(map).filter(([, value]) => value !== null);
    return { $patch: "replace", ...Object.fromEntries(given) };
  }

  #maybe(field: string, value: () => Json, isPatch: boolean): JsonObject {
    return this.#random.chance(isPatch ? 0.4 : 0.7) ? { [field]: this.#orNull(value, isPatch) } : {};
  }

  #orNull(value: () => Json, isPatch: boolean): Json {
    return isPatch && this.#random.chance(0.1) ? null : value();
  }

  #some<T>(items: readonly T[]): T[] {
    const order = items.map((item) => ({ item, at: this.#random.below(1000) })).sort((a, b) => a.at - b.at);
    return order.filter(() => this.#random.chance(0.5)).map(({ item }) => item);
  }

  #pick(...texts: string[]): string {
    return this.#random.pick(texts);
  }
}
