/** A control plane as an administrator prepares it for Perennial: definitions, roles, service account; and kubectl. */

import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { KubernetesObject } from "../../src/object/index.ts";
import { type ControlPlane, type ControlPlaneOptions, startControlPlane, waitUntil } from "../control-plane/index.ts";

export const ROOT = resolve(import.meta.dirname, "../..");
export const OPERATOR_NAMESPACE = "perennial-system";

export type KubectlResult = { code: number; stdout: string; stderr: string };

export interface Cluster extends AsyncDisposable {
  readonly plane: ControlPlane;
  /** The kubeconfig of the operator's own service account: never an administrator's. */
  readonly operatorKubeconfig: string;
  /** As an administrator. Rejects with what kubectl said when it fails. */
  kubectl(...args: string[]): Promise<string>;
  /** The same, but a failure is an answer. */
  tryKubectl(...args: string[]): Promise<KubectlResult>;
  /** The same, with this as its standard input. */
  tryKubectlWith(input: string, ...args: string[]): Promise<KubectlResult>;
  /** `kubectl apply --server-side -f -` of objects. */
  apply(...objects: object[]): Promise<void>;
  /** The object, such as `get("networkpolicy", "shop", "default-deny")`; undefined when it is not there. */
  get(resource: string, namespace: string, name: string): Promise<KubernetesObject | undefined>;
  list(resource: string, namespace?: string, selector?: string): Promise<KubernetesObject[]>;
  /** Lets the operator do all it may need with these resources, by a role with the aggregation label. */
  grant(name: string, rules: { apiGroups: string[]; resources: string[]; verbs?: string[] }[]): Promise<void>;
  stop(): Promise<void>;
}

export type ClusterOptions = ControlPlaneOptions & {
  /** Whether the kinds that most tests generate may be managed from the start. Default true. */
  grantUsualKinds?: boolean;
};

export const ALL_VERBS = ["get", "list", "watch", "create", "patch", "delete"];

/** NetworkPolicies, quotas, limits, bindings, ConfigMaps, Secrets, ServiceAccounts; triggers of the same kinds. */
const USUAL_RULES = [
  { apiGroups: [""], resources: ["resourcequotas", "limitranges", "configmaps", "secrets", "serviceaccounts"] },
  { apiGroups: ["networking.k8s.io"], resources: ["networkpolicies"] },
  { apiGroups: ["rbac.authorization.k8s.io"], resources: ["rolebindings"] },
  { apiGroups: ["rbac.authorization.k8s.io"], resources: ["clusterroles"], verbs: ["bind"] },
];

export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const plane = await startControlPlane({ say: () => {}, ...options });
  try {
    return await prepare(plane, options.grantUsualKinds ?? true);
  } catch (error) {
    await plane.stop();
    throw error;
  }
}

async function prepare(plane: ControlPlane, grantUsualKinds: boolean): Promise<Cluster> {
  const cache = await mkdtemp(join(tmpdir(), "perennial-kubectl-"));
  const cluster = clusterOf(plane, cache);
  await installPolicyDefinitions(cluster);
  await cluster.kubectl("apply", "-k", join(ROOT, "config/rbac"));
  if (grantUsualKinds) await cluster.grant("usual-kinds", USUAL_RULES);
  return {
    ...cluster,
    operatorKubeconfig: await plane.kubeconfigFor({ namespace: OPERATOR_NAMESPACE, serviceAccount: "perennial" }),
  };
}

/** Returns when policies can be listed. */
export async function installPolicyDefinitions({ kubectl, plane }: Cluster): Promise<void> {
  await kubectl("apply", "--server-side", "--force-conflicts", "-f", join(ROOT, "crds"));
  for (const plural of ["clusterpolicies", "policies"])
    await waitUntil(`${plural} are served`, async () => {
      const { status } = await plane.request("GET", `/apis/perennial.dev/v1/${plural}`);
      return status === 200;
    });
}

function clusterOf(plane: ControlPlane, cache: string): Cluster {
  const run = (args: readonly string[], input = ""): Promise<KubectlResult> =>
    runKubectl(plane, ["--cache-dir", cache, ...args], input);
  const kubectl = async (args: readonly string[], input = ""): Promise<string> => {
    const { code, stdout, stderr } = await run(args, input);
    if (code !== 0) throw new Error(`kubectl ${args.join(" ")}: ${stderr || stdout}`);
    return stdout;
  };
  const stop = async (): Promise<void> => {
    await plane.stop();
    await rm(cache, { recursive: true, force: true });
  };
  const cluster: Cluster = {
    plane,
    operatorKubeconfig: "",
    kubectl: (...args) => kubectl(args),
    tryKubectl: (...args) => run(args),
    tryKubectlWith: (input, ...args) => run(args, input),
    async apply(...objects) {
      const list = { apiVersion: "v1", kind: "List", items: objects };
      await kubectl(["apply", "--server-side", "--force-conflicts", "-f", "-"], JSON.stringify(list));
    },
    async get(resource, namespace, name) {
      const { code, stdout, stderr } = await run([
        "get",
        resource,
        name,
        ...inNamespace(namespace),
        "-o",
        "json",
        "--show-managed-fields",
      ]);
      if (code === 0) return JSON.parse(stdout);
      if (/NotFound|not found/.test(stderr)) return undefined;
      throw new Error(stderr);
    },
    async list(resource, namespace = "", selector = "") {
      const scope = namespace === "" ? ["--all-namespaces"] : ["--namespace", namespace];
      const stdout = await kubectl(["get", resource, ...scope, "--selector", selector, "-o", "json"]);
      return JSON.parse(stdout).items;
    },
    async grant(name, rules) {
      await cluster.apply({
        apiVersion: "rbac.authorization.k8s.io/v1",
        kind: "ClusterRole",
        metadata: { name: `perennial-test-${name}`, labels: { "perennial.dev/aggregate-to-operator": "true" } },
        rules: rules.map((rule) => ({ ...rule, verbs: rule.verbs ?? ALL_VERBS })),
      });
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
  return cluster;
}

function inNamespace(namespace: string): string[] {
  return namespace === "" ? [] : ["--namespace", namespace];
}

function runKubectl(plane: ControlPlane, args: readonly string[], input: string): Promise<KubectlResult> {
  return new Promise((resolve) => {
    const child = execFile(
      plane.kubectl,
      ["--kubeconfig", plane.kubeconfig, ...args],
      { maxBuffer: 2 ** 28 },
      (error, stdout, stderr) => resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr }),
    );
    child.stdin?.on("error", () => {}); // kubectl may end before it has read everything; its exit code tells
    child.stdin?.end(input);
  });
}

export { waitUntil };
