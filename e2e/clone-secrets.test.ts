/** Copies of Secrets: no more of them is read than the rule names, and what is in them is told nowhere. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { KubernetesObject } from "../src/object/index.ts";
import {
  type Audited,
  type AuditMark,
  auditBetween,
  type Cluster,
  clusterPolicy,
  condition,
  markAudit,
  namespace,
  namespacesLabelled,
  OPERATOR_NAMESPACE,
  type OperatorProcess,
  policyStatus,
  startCluster,
  startOperator,
  TRIGGER_NAME,
  waitForCondition,
  waitForObject,
  waitUntil,
  waitUntilGone,
} from "./harness/index.ts";

const USER = `system:serviceaccount:${OPERATOR_NAMESPACE}:perennial`;
/** Found nowhere but in Secrets, whichever way it is written. */
const VALUE = "correct-horse-battery-staple";
const TRACES = [VALUE, encode(VALUE), encode(encode(VALUE)), "battery"];
const SOURCE = ["secret", "origin", "pull"] as const;
const FLAGS = ["--log-level=debug"];

let cluster: Cluster;
let operator: OperatorProcess;
let beginning: AuditMark;
/** Of all operators that ran. */
let output = "";

beforeAll(async () => {
  cluster = await startCluster({ grantUsualKinds: false });
  beginning = await markAudit(cluster);
  operator = await startOperator(cluster, { flags: FLAGS });
  await cluster.apply(namespace("origin"), secret("pull", VALUE), secret("another", "nobody-copies-this"));
});

afterAll(async () => {
  await operator?.stop();
  await cluster?.stop();
});

function encode(text: string): string {
  return Buffer.from(text).toString("base64");
}

function secret(name: string, value: string, more: object = {}): object {
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name, namespace: "origin" },
    data: { password: encode(value) },
    ...more,
  };
}

function copying(name: string, clone: object): object {
  const generate = { apiVersion: "v1", kind: "Secret", name: "pull", namespace: TRIGGER_NAME, clone };
  return clusterPolicy(name, { name: "copy", match: namespacesLabelled(name), generate });
}

function hasPassword(value: string): (object: KubernetesObject) => boolean {
  return ({ data }) => JSON.stringify(data) === JSON.stringify({ password: encode(value) });
}

async function blockedMessage(policy: string): Promise<string> {
  return condition(await policyStatus(cluster, policy), "Ready")?.message ?? "";
}

async function restart(whileDown: () => Promise<void>): Promise<void> {
  await operator.stop();
  output += operator.output();
  await whileDown();
  operator = await startOperator(cluster, { flags: FLAGS });
}

function isRead({ user, verb, objectRef, stage }: Audited): boolean {
  const isSecret = objectRef?.resource === "secrets" && objectRef.namespace !== OPERATOR_NAMESPACE;
  return user.username === USER && isSecret && ["get", "list", "watch"].includes(verb) && stage === "ResponseComplete";
}

describe("the permission to read a source", () => {
  const role = {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "Role",
    metadata: { name: "perennial-copies-pull", namespace: "origin" },
    rules: [{ apiGroups: [""], resources: ["secrets"], resourceNames: ["pull"], verbs: ["get", "list", "watch"] }],
  };
  const binding = {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "RoleBinding",
    metadata: role.metadata,
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "perennial-copies-pull" },
    subjects: [{ kind: "ServiceAccount", name: "perennial", namespace: OPERATOR_NAMESPACE }],
  };

  it("is asked for by name where the source is written out", async () => {
    await cluster.apply(
      namespace("shop", { pulling: "yes" }),
      copying("pulling", { namespace: "origin", name: "pull" }),
    );
    const status = await waitForCondition(cluster, "pulling", {
      type: "PermissionsGranted",
      status: "False",
      reason: "PermissionMissing",
    });
    expect(condition(status, "Ready")?.status).toBe("False");
    await waitUntil("both watches were refused", async () => {
      const message = await blockedMessage("pulling");
      return (
        message.includes("may not list and watch secrets pull in namespace origin;") &&
        message.includes("may not list and watch secrets;")
      );
    });
  });

  it("may be granted for that object alone", async () => {
    await cluster.apply(role, binding);
    await waitUntil("the source is watched", async () => !(await blockedMessage("pulling")).includes("secrets pull"));
    expect(await blockedMessage("pulling")).toContain("may not list and watch secrets;"); // the copies
  });

  it("is asked for in the namespace where only that is written out", async () => {
    const clone = { namespace: "origin", name: "{{ request.object.metadata.labels.secret }}" };
    await cluster.apply(namespace("named", { naming: "yes", secret: "pull" }), copying("naming", clone));
    await waitUntil("it is asked for", async () => {
      const message = await blockedMessage("naming");
      return message.includes("may not list and watch secrets in namespace origin;");
    });
    await cluster.kubectl("delete", "clusterpolicy", "naming");
  });

  it("heals by itself", async () => {
    await cluster.grant("secrets", [{ apiGroups: [""], resources: ["secrets"] }]);
    await waitForObject(cluster, ["secret", "shop", "pull"], hasPassword(VALUE));
    await waitForCondition(cluster, "pulling", { type: "Ready", status: "True" });
    await waitForCondition(cluster, "pulling", { type: "PermissionsGranted", status: "True" });
  });
});

describe("the content of a Secret", () => {
  it("is copied with its type", async () => {
    const config = { type: "kubernetes.io/basic-auth", data: { password: encode(VALUE), username: encode("jane") } };
    await cluster.apply(
      secret("typed", "", config),
      clusterPolicy("typing", {
        name: "copy",
        match: namespacesLabelled("typing"),
        generate: {
          ...{ apiVersion: "v1", kind: "Secret", name: "typed", namespace: TRIGGER_NAME },
          clone: { namespace: "origin", name: "typed" },
        },
      }),
      namespace("typing", { typing: "yes" }),
    );
    const copy = await waitForObject(cluster, ["secret", "typing", "typed"]);
    expect({ type: copy.type, data: copy.data }).toEqual(config);
  });

  it("is put right when somebody changes it", async () => {
    const patch = JSON.stringify({ stringData: { password: "battery-removed", added: "battery-added" } });
    await cluster.kubectl("patch", "secret", "pull", "-n", "shop", "--type=merge", "-p", patch);
    await waitForObject(cluster, ["secret", "shop", "pull"], hasPassword(VALUE));
    await waitUntil("the drift is told", async () => (await policyStatus(cluster, "pulling")).drifts?.length === 1);
  });

  it("is followed, and not told, where the server refuses it", async () => {
    const other = { type: "kubernetes.io/basic-auth", data: { password: encode(`${VALUE}-2`) } };
    await restart(async () => {
      await cluster.kubectl("delete", "secret", "typed", "pull", "-n", "origin");
      await cluster.apply(secret("pull", `${VALUE}-2`, other), secret("typed", `${VALUE}-3`));
    });
    const status = await waitForCondition(cluster, "pulling", {
      type: "InSync",
      status: "False",
      reason: "ImmutableField",
    });
    expect(condition(status, "InSync")?.message).toContain("type");
    await cluster.kubectl("delete", "secret", "pull", "-n", "shop");
    await waitForObject(cluster, ["secret", "shop", "pull"], hasPassword(`${VALUE}-2`));
    await waitForCondition(cluster, "pulling", { type: "InSync", status: "True" });
  });

  it("of a service account token is not copied", async () => {
    await cluster.kubectl("create", "serviceaccount", "robot", "-n", "origin");
    const metadata = {
      name: "token",
      namespace: "origin",
      annotations: { "kubernetes.io/service-account.name": "robot" },
    };
    await cluster.apply(secret("token", VALUE, { type: "kubernetes.io/service-account-token", metadata }));
    await cluster.apply(
      namespace("robots", { robots: "yes" }),
      copying("robots", { namespace: "origin", name: "token" }),
    );
    const status = await waitForCondition(cluster, "robots", {
      type: "InSync",
      status: "False",
      reason: "SourceRefused",
    });
    expect(condition(status, "InSync")?.message).toMatch(/Secret origin\/token is the token of a ServiceAccount/);
    expect(await cluster.get("secret", "robots", "pull")).toBeUndefined();
  });

  it("goes when the source goes", async () => {
    await cluster.kubectl("delete", "secret", "pull", "-n", "origin");
    await waitUntilGone(cluster, ["secret", "shop", "pull"]);
    await cluster.apply(secret("pull", VALUE));
    await waitForObject(cluster, ["secret", "shop", "pull"], hasPassword(VALUE));
  });

  it("stands in no log, status, event or metric", async () => {
    const policies = JSON.stringify(await cluster.list("clusterpolicies"));
    const events = JSON.stringify(await cluster.list("events"));
    const told = [output, operator.output(), policies, events, await operator.metrics()].join("\n");
    expect(told).toContain("/data/password"); // the place is told
    for (const trace of TRACES) expect(told).not.toContain(trace);
  });

  it("is never written to the source", async () => {
    const source = await waitForObject(cluster, SOURCE);
    expect((source.metadata.managedFields ?? []).map(({ manager }) => manager)).not.toContain("perennial");
  });
});

describe("what the operator reads of Secrets", () => {
  it("is the sources that are written out, and what it marked; never all of them", async () => {
    const events = await auditBetween(cluster, beginning, await markAudit(cluster));
    const paths = new Set(events.filter(isRead).map(({ requestURI }) => selectionOf(requestURI)));
    expect([...paths].filter((path) => !path.includes("origin/secrets"))).toEqual([
      "/api/v1/secrets labelSelector=perennial.dev/target",
    ]);
    expect([...paths].filter((path) => path.includes("origin/secrets")).sort(byText)).toEqual([
      "/api/v1/namespaces/origin/secrets all", // the one that names no object, and was refused
      ...["pull", "token", "typed"].map(
        (name) => `/api/v1/namespaces/origin/secrets fieldSelector=metadata.name=${name}`,
      ),
    ]);
  });

  it("was given only where it is allowed", async () => {
    const events = await auditBetween(cluster, beginning, await markAudit(cluster));
    const whole = events.filter((event) => isRead(event) && selectionOf(event.requestURI).endsWith("secrets all"));
    expect(new Set(whole.map(({ responseStatus }) => responseStatus?.code))).toEqual(new Set([403]));
  });
});

function byText(a: string, b: string): number {
  return a < b ? -1 : 1;
}

/** The path of a list or watch, and what narrows it. */
function selectionOf(requestURI: string): string {
  const { pathname, searchParams } = new URL(requestURI, "http://localhost");
  const selectors = ["labelSelector", "fieldSelector"].flatMap((name) => {
    const value = searchParams.get(name);
    return value === null ? [] : [`${name}=${value}`];
  });
  return `${pathname} ${selectors.length === 0 ? "all" : selectors.join(" ")}`;
}
