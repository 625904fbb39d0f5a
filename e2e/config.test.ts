/** The manifests of config/: the API server accepts them, and they grant what they say and no more. */

import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Cluster, installKyverno, ROOT, startCluster, waitUntil } from "./harness/index.ts";

let cluster: Cluster;

beforeAll(async () => {
  cluster = await startCluster({ grantUsualKinds: false });
});

afterAll(() => cluster?.stop());

const OPERATOR = "system:serviceaccount:perennial-system:perennial";

async function mayDo(user: string, ...action: string[]): Promise<boolean> {
  const { stdout, stderr } = await cluster.tryKubectl("auth", "can-i", ...action, "--as", user);
  const said = stdout.trim();
  if (said !== "yes" && said !== "no") throw new Error(`kubectl auth can-i ${action.join(" ")}: ${said} ${stderr}`);
  return said === "yes";
}

describe("config/", () => {
  it("is accepted whole by the API server", async () => {
    const said = await cluster.kubectl("apply", "-k", join(ROOT, "config"), "--dry-run=server");
    expect(said).toContain("deployment.apps/perennial created (server dry run)");
  });

  it("deploys a Pod that the restricted Pod Security standard admits", async () => {
    await cluster.kubectl("apply", "-k", join(ROOT, "config/deployment"));
    await waitUntil("the Pod is there, waiting for a node", async () => {
      const pods = await cluster.list("pods", "perennial-system");
      return pods.length === 1;
    });
    await cluster.kubectl("delete", "-k", join(ROOT, "config/deployment"));
  });
});

describe("the operator's permissions", () => {
  it.each([
    ["watch", "clusterpolicies.perennial.dev"],
    ["patch", "policies.perennial.dev", "--subresource=status"],
    ["watch", "namespaces"],
    ["watch", "resourcequotas"],
    ["create", "configmap/perennial-inventory", "-n", "perennial-system"],
    ["patch", "configmap/perennial-inventory", "-n", "perennial-system"],
    ["get", "secret/perennial", "-n", "perennial-system"],
    ["create", "secret/perennial", "-n", "perennial-system"],
    ["patch", "secret/perennial", "-n", "perennial-system"],
    ["update", "lease.coordination.k8s.io/perennial", "-n", "perennial-system"],
    ["watch", "secret/perennial", "-n", "perennial-system"],
    ["patch", "validatingwebhookconfiguration.admissionregistration.k8s.io/perennial-system"],
    ["create", "validatingwebhookconfiguration.admissionregistration.k8s.io/perennial-system"],
    ["delete", "validatingwebhookconfiguration.admissionregistration.k8s.io/perennial-system"],
    ["patch", "mutatingwebhookconfiguration.admissionregistration.k8s.io/perennial-system"],
    ["delete", "mutatingwebhookconfiguration.admissionregistration.k8s.io/perennial-system"],
    ["create", "subjectaccessreviews.authorization.k8s.io"],
  ])("include: %s %s %s %s", async (...action) => {
    expect(await mayDo(OPERATOR, ...action)).toBe(true);
  });

  it.each([
    ["create", "configmap/another", "-n", "perennial-system"],
    ["update", "lease.coordination.k8s.io/another", "-n", "perennial-system"],
    ["get", "secrets", "-n", "perennial-system"],
    ["get", "secret/another", "-n", "perennial-system"],
    ["watch", "secrets", "-n", "perennial-system"],
    ["patch", "validatingwebhookconfiguration.admissionregistration.k8s.io/another"],
    ["list", "validatingwebhookconfigurations.admissionregistration.k8s.io"],
    ["patch", "mutatingwebhookconfiguration.admissionregistration.k8s.io/another"],
    ["delete", "secret/perennial", "-n", "perennial-system"],
    ["update", "configmap/perennial-inventory", "-n", "perennial-system"],
    ["patch", "lease.coordination.k8s.io/perennial", "-n", "perennial-system"],
    ["update", "clusterpolicies.perennial.dev", "--subresource=status"],
    ["list", "secrets"],
    ["create", "networkpolicies.networking.k8s.io"],
    ["create", "rolebindings.rbac.authorization.k8s.io"],
    ["patch", "clusterpolicies.perennial.dev"],
    ["patch", "namespaces"],
  ])("do not include: %s %s %s %s", async (...action) => {
    expect(await mayDo(OPERATOR, ...action)).toBe(false);
  });

  it("grow by a role with the label, here the one for the samples", async () => {
    await cluster.kubectl("apply", "-k", join(ROOT, "config/samples-rbac"));
    await waitUntil("the role is aggregated", () => mayDo(OPERATOR, "create", "networkpolicies.networking.k8s.io"));
    expect(await mayDo(OPERATOR, "bind", "clusterrole.rbac.authorization.k8s.io/view")).toBe(true);
    expect(await mayDo(OPERATOR, "bind", "clusterrole.rbac.authorization.k8s.io/cluster-admin")).toBe(false);
    expect(await mayDo(OPERATOR, "list", "secrets")).toBe(false);
  });
});

describe("config/kyverno", () => {
  it("is accepted whole by the API server, and starts the operator with --kyverno", async () => {
    const said = await cluster.kubectl("kustomize", join(ROOT, "config/kyverno"));
    expect(said).toContain("- --kyverno");
    const applied = await cluster.kubectl("apply", "-k", join(ROOT, "config/kyverno"), "--dry-run=server");
    expect(applied).toContain(
      "clusterrole.rbac.authorization.k8s.io/perennial-operator-kyverno created (server dry run)",
    );
  });

  it("grants reading policies, writing their status, and watching three Leases, wherever they are", async () => {
    await installKyverno(cluster);
    await waitUntil("the role is seen", () => mayDo(OPERATOR, "watch", "clusterpolicies.kyverno.io"));
    expect(await mayDo(OPERATOR, "patch", "policies.kyverno.io", "--subresource=status")).toBe(true);
    expect(await mayDo(OPERATOR, "watch", "lease.coordination.k8s.io/kyverno", "-n", "anywhere")).toBe(true);
    expect(await mayDo(OPERATOR, "watch", "leases.coordination.k8s.io", "-n", "anywhere")).toBe(false);
    expect(await mayDo(OPERATOR, "patch", "clusterpolicies.kyverno.io")).toBe(false);
  });
});

describe("an admin of a namespace", () => {
  beforeAll(async () => {
    await cluster.kubectl("create", "namespace", "shop");
    await cluster.kubectl("create", "rolebinding", "tenant", "--clusterrole=admin", "--user=tenant", "-n", "shop");
    await waitUntil("the binding is seen", () => mayDo("tenant", "create", "configmaps", "-n", "shop"));
  });

  it.each([
    ["create", "policies.perennial.dev", "-n", "shop"],
    ["patch", "policies.perennial.dev", "-n", "shop"],
    ["create", "clusterpolicies.perennial.dev"],
  ])("may not write policies: %s %s", async (...action) => {
    expect(await mayDo("tenant", ...action)).toBe(false);
  });
});
