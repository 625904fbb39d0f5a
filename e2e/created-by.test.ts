/** Rules about what is stored that ask who created it: the signed annotation, and what becomes of forged and missing ones. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Cluster,
  namespace,
  type OperatorProcess,
  policyStatus,
  startCluster,
  startOperator,
  waitForCondition,
  waitUntil,
  webhookFlags,
} from "./harness/index.ts";

const GROUP = "rbac.authorization.k8s.io";
const CREATED_BY = "perennial.dev/created-by";

let cluster: Cluster;
let operator: OperatorProcess;
let flags: string[];

beforeAll(async () => {
  cluster = await startCluster();
  flags = await webhookFlags();
  await cluster.apply(namespace("old", { owned: "yes" }));
  const roles = ["create", "clusterrole", "makers", "--verb=*", "--resource=namespaces,configmaps"];
  await cluster.kubectl(...roles);
  await cluster.kubectl("create", "clusterrolebinding", "makers", "--clusterrole=makers", "--user=ann", "--user=bob");
  const bindings = { apiGroups: [GROUP], resources: ["clusterrolebindings"], verbs: ["list", "watch"] };
  await cluster.grant("bindings", [bindings]);
  operator = await startOperator(cluster, { flags });
  await cluster.apply(OWNERS);
  await waitForCondition(cluster, "owners", { type: "Ready", status: "True" });
});

afterAll(async () => {
  await operator?.stop();
  await cluster?.stop();
});

/** Who creates a namespace administers it. */
const OWNERS = {
  ...{ apiVersion: "perennial.dev/v1", kind: "ClusterPolicy", metadata: { name: "owners" } },
  spec: {
    background: false,
    rules: [
      {
        name: "owner",
        match: { any: [{ resources: { kinds: ["Namespace"], selector: { matchLabels: { owned: "yes" } } } }] },
        exclude: { any: [{ clusterRoles: ["cluster-admin"] }] },
        generate: {
          ...{ apiVersion: `${GROUP}/v1`, kind: "RoleBinding", name: "owner" },
          namespace: "{{ request.object.metadata.name }}",
          data: {
            roleRef: { apiGroup: GROUP, kind: "ClusterRole", name: "view" },
            subjects: [{ apiGroup: GROUP, kind: "User", name: "{{ request.userInfo.username }}" }],
          },
        },
      },
    ],
  },
};

function owned(name: string, annotations?: object): object {
  return { ...namespace(name, { owned: "yes" }), metadata: { name, labels: { owned: "yes" }, annotations } };
}

async function createAs(user: string, object: object, ...more: string[]): Promise<string> {
  const as = [`--as=${user}`, ...more];
  const { code, stderr } = await cluster.tryKubectlWith(JSON.stringify(object), "create", "-f", "-", ...as);
  if (code !== 0) throw new Error(stderr);
  return stderr;
}

async function ownerOf(name: string): Promise<string | undefined> {
  const binding = await cluster.get("rolebinding", name, "owner");
  const [subject] = (binding as { subjects?: { name: string }[] } | undefined)?.subjects ?? []; // a RoleBinding has them
  return subject?.name;
}

async function annotationOf(name: string): Promise<string | undefined> {
  return (await cluster.get("namespace", "", name))?.metadata.annotations?.[CREATED_BY];
}

/** The entries of the configuration; none where there is none. */
async function asked(): Promise<{ name: string }[]> {
  const stored = await cluster.get("mutatingwebhookconfiguration", "", "perennial-system");
  return (stored as { webhooks?: { name: string }[] } | undefined)?.webhooks ?? []; // of its shape
}

async function becomesOwner(name: string, user: string): Promise<void> {
  await waitUntil(`${user} owns ${name}`, async () => (await ownerOf(name)) === user);
}

async function isUnknown(name: string, message: RegExp): Promise<void> {
  await waitUntil(`nobody knows who created ${name}`, async () => {
    const { failures = [] } = await policyStatus(cluster, "owners");
    const found = failures.find(({ trigger }) => trigger?.name === name);
    return found?.reason === "ContextMissing" && message.test(found.message);
  });
}

describe("a rule that asks who created its trigger", () => {
  it("gives each namespace to its creator", async () => {
    await createAs("ann", owned("of-ann"));
    await createAs("bob", owned("of-bob"));
    await becomesOwner("of-ann", "ann");
    await becomesOwner("of-bob", "bob");
    expect(await annotationOf("of-ann")).toMatch(/^\{"username":"ann",.*"signature":"[0-9a-f]{64}"\}$/);
  });

  it("leaves out who is excluded by a role, and looks the roles up as they are now", async () => {
    await cluster.kubectl("create", "clusterrolebinding", "chief", "--clusterrole=cluster-admin", "--user=bob");
    await waitUntil("bob is excluded", async () => (await ownerOf("of-bob")) === undefined);
    expect(await ownerOf("of-ann")).toBe("ann");
    await cluster.kubectl("delete", "clusterrolebinding", "chief");
    await becomesOwner("of-bob", "bob");
  });

  it("knows the creator when labels come later, whoever sets them", async () => {
    await createAs("ann", namespace("later"));
    await cluster.kubectl("label", "namespace", "later", "owned=yes");
    await becomesOwner("later", "ann");
  });

  it("knows the creator of what has no name yet", async () => {
    const metadata = { generateName: "made-", labels: { owned: "yes" } };
    await createAs("ann", { apiVersion: "v1", kind: "Namespace", metadata });
    const [made] = (await cluster.list("namespace")).filter(({ metadata: { name } }) => name.startsWith("made-"));
    await becomesOwner(String(made?.metadata.name), "ann");
  });

  it("says of what was there before that nobody knows", async () => {
    await isUnknown("old", /Namespace old does not say who created it/);
    expect(await ownerOf("old")).toBeUndefined();
    expect(await annotationOf("old")).toBeUndefined();
  });
});

describe("an annotation that somebody else writes", () => {
  it("is replaced when the object is created", async () => {
    await createAs("bob", owned("forged", { [CREATED_BY]: String(await annotationOf("of-ann")) }));
    await becomesOwner("forged", "bob");
  });

  it("is put back when the object is updated, also when it was taken away", async () => {
    const before = await annotationOf("of-ann");
    const copied = await annotationOf("of-bob");
    await cluster.kubectl("annotate", "namespace", "of-ann", "--overwrite", `${CREATED_BY}=${copied}`);
    expect(await annotationOf("of-ann")).toBe(before);
    await cluster.kubectl("annotate", "namespace", "of-ann", `${CREATED_BY}-`);
    expect(await annotationOf("of-ann")).toBe(before);
    await cluster.tryKubectlWith(JSON.stringify(owned("of-ann")), "replace", "-f", "-");
    expect(await annotationOf("of-ann")).toBe(before);
    const metadata = { annotations: { [CREATED_BY]: copied } };
    await cluster.kubectl("patch", "namespace", "of-ann", "--subresource=status", "-p", JSON.stringify({ metadata }));
    expect(await annotationOf("of-ann")).toBe(before);
  });

  it("is taken out of an object of which nobody knows", async () => {
    await cluster.kubectl("annotate", "namespace", "old", `${CREATED_BY}=${await annotationOf("of-ann")}`);
    expect(await annotationOf("old")).toBeUndefined();
  });
});

describe("groups that do not fit", () => {
  const MANY = Array.from({ length: 40 }, (_, i) => `--as-group=${"g".repeat(40)}-${i}`);

  it("are left out with a warning, and who asks for them is told", async () => {
    const warning = await createAs("ann", owned("many"), ...MANY);
    expect(warning).toContain("the groups of who created it are too many");
    expect(Buffer.byteLength(String(await annotationOf("many")))).toBeLessThanOrEqual(1024);
    await isUnknown("many", /was created by ann, whose groups/);
  });

  it("are not missed by a rule that asks for the name alone", async () => {
    const [rule] = OWNERS.spec.rules;
    const { exclude: _, ...lenient } = { ...rule, name: "user" };
    const generate = { ...lenient.generate, name: "user" };
    await cluster.apply({ ...OWNERS, metadata: { name: "users" }, spec: { rules: [{ ...lenient, generate }] } });
    await waitUntil("it is made", async () => (await cluster.get("rolebinding", "many", "user")) !== undefined);
    await cluster.kubectl("delete", "clusterpolicy.perennial.dev", "users");
  });
});

describe("while no operator runs", () => {
  it("objects are created, and nobody knows who did it; what was known still is", async () => {
    await operator.kill();
    await createAs("ann", owned("unseen", { [CREATED_BY]: String(await annotationOf("of-ann")) }));
    await cluster.kubectl("delete", "rolebinding", "owner", "-n", "of-ann");
    operator = await startOperator(cluster, { flags });
    await becomesOwner("of-ann", "ann");
    await isUnknown("unseen", /was written by somebody else/);
    expect(await ownerOf("unseen")).toBeUndefined();
  });

  it("without --webhook-address such a policy says so", async () => {
    await operator.stop();
    operator = await startOperator(cluster);
    await waitForCondition(cluster, "owners", { type: "Ready", status: "False", reason: "AdmissionOff" });
    await waitUntil("nothing is asked for", async () => (await asked()).length === 0);
    expect(await ownerOf("of-ann")).toBe("ann");
    await operator.stop();
    operator = await startOperator(cluster, { flags });
    await waitForCondition(cluster, "owners", { type: "Ready", status: "True" });
  });
});

describe("what the API server asks for", () => {
  it("is the creation of such objects, and updates that touch the annotation; nothing that hangs on our answer", async () => {
    const [entry, probe, ...others] = await asked();
    expect([probe?.name, others]).toEqual(["probe.perennial.dev", []]);
    expect(entry).toMatchObject({
      ...{ name: "created-by.perennial.dev", failurePolicy: "Ignore", sideEffects: "None" },
      rules: [
        { resources: ["namespaces"], operations: ["CREATE", "UPDATE"], scope: "Cluster" },
        { resources: ["namespaces/finalize", "namespaces/status"], operations: ["UPDATE"], scope: "Cluster" },
      ],
    });
  });

  it("is nothing any more when the policy is gone; what exists keeps what it says", async () => {
    const before = await annotationOf("of-bob");
    await cluster.kubectl("delete", "clusterpolicy.perennial.dev", "owners");
    await waitUntil("nothing is asked for", async () => (await asked()).length === 0);
    expect(await annotationOf("of-bob")).toBe(before);
  });
});

describe("a rule with targets", () => {
  it("knows who created its trigger, too", async () => {
    const namespaceSelector = { matchLabels: { owned: "yes" } };
    const rule = {
      name: "tell",
      match: {
        any: [{ resources: { kinds: ["ConfigMap"], namespaceSelector }, subjects: [{ kind: "User", name: "ann" }] }],
      },
      mutate: {
        targets: [{ apiVersion: "v1", kind: "Namespace", name: "{{ request.object.metadata.namespace }}" }],
        patchStrategicMerge: { metadata: { labels: { "last-map-by": "{{ request.userInfo.username }}" } } },
      },
    };
    await cluster.grant("namespaces", [{ apiGroups: [""], resources: ["namespaces"] }]);
    const metadata = { name: "tell" };
    await cluster.apply({ apiVersion: "perennial.dev/v1", kind: "ClusterPolicy", metadata, spec: { rules: [rule] } });
    await waitForCondition(cluster, "tell", { type: "Ready", status: "True" });
    const map = (where: string) => ({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "m", namespace: where } });
    await createAs("bob", map("of-bob"));
    await createAs("ann", map("of-ann"));
    const labelOf = async (name: string) =>
      (await cluster.get("namespace", "", name))?.metadata.labels?.["last-map-by"];
    await waitUntil("the namespace says so", async () => (await labelOf("of-ann")) === "ann");
    expect(await labelOf("of-bob")).toBeUndefined();
  });
});
