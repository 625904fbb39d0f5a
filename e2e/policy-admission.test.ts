/** Policies are checked while they are written: the real API server calls the real server over TLS. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Json } from "../src/object/index.ts";
import {
  type Cluster,
  CONFIGURATION,
  clusterPolicy,
  configMap,
  installKyverno,
  kyvernoPolicy,
  namespacesLabelled,
  type OperatorProcess,
  startCluster,
  startOperator,
  type TestRule,
  TRIGGER_NAME,
  waitUntil,
  webhookFlags,
} from "./harness/index.ts";

let cluster: Cluster;
let operator: OperatorProcess;
let flags: string[];

beforeAll(async () => {
  cluster = await startCluster();
  await installKyverno(cluster);
  await cluster.apply(clusterPolicy("before", BAD));
  flags = await webhookFlags();
  operator = await startOperator(cluster, { flags: [...flags, "--kyverno"] });
  await waitUntil("a bad policy is refused", async () => (await create(clusterPolicy("probe", BAD))).status === 422);
});

afterAll(async () => {
  await operator?.stop();
  await cluster?.stop();
});

const GOOD: TestRule = {
  name: "settings",
  match: namespacesLabelled("checked"),
  generate: configMap("settings", { of: TRIGGER_NAME }),
};

/** Two mistakes that the definition cannot see. */
const BAD: TestRule = {
  ...GOOD,
  preconditions: { all: [{ key: "{{ nothing.there }}", operator: "Equals", value: "x" }] },
  generate: configMap("settings", { of: "{{ unknown_function(@) }}" }),
};

const COLLECTION = "/apis/perennial.dev/v1/clusterpolicies";

async function create(policy: object, path = COLLECTION): Promise<{ status: number; message: string }> {
  const { status, body } = await cluster.plane.request("POST", `${path}?dryRun=All`, policy);
  return { status, message: (body as { message?: string }).message ?? "" }; // a Status, or the policy
}

describe("a policy that is written", () => {
  it("is refused with everything that is wrong at once: path, value, what would be right", async () => {
    const { status, message } = await create(clusterPolicy("bad", BAD));
    expect(status).toBe(422);
    expect(message).toContain("spec.rules[0].preconditions.all[0].key");
    expect(message).toContain("spec.rules[0].generate.data.data.of");
    expect(message).toMatch(/UnknownVariable: .*nothing/);
    expect(message).toMatch(/InvalidExpression: .*unknown_function/);
  });

  it("is refused in the words that its status would have", async () => {
    const { message } = await create(clusterPolicy("bad", BAD));
    const stored = await waitForReady("before");
    for (const line of message.split("\n").slice(1)) expect(stored).toContain(line.split(": ")[0]);
  });

  it("is stored when it is good, without a word", async () => {
    const { code, stderr } = await apply(clusterPolicy("good", GOOD));
    expect(stderr).toBe("");
    expect(code).toBe(0);
  });

  it("is stored with a warning when it names a kind that is not served", async () => {
    const { code, stderr } = await apply(
      clusterPolicy("doubtful", { ...GOOD, match: { any: [{ resources: { kinds: ["Widget"] } }] } }),
    );
    expect(code).toBe(0);
    expect(stderr).toContain("Warning: the API server does not serve the kind Widget (spec.rules[0].match)");
  });

  it("is stored with a warning when it is written in a way that is hard to read", async () => {
    const preconditions = { all: [{ key: TRIGGER_NAME, operator: "In", value: ["a"] }] };
    const { stderr } = await apply(clusterPolicy("old", { ...GOOD, preconditions }));
    expect(stderr).toContain("Warning: spec.rules[0].preconditions.all[0].operator: In means one thing");
  });

  it("is refused when an edit makes it bad", async () => {
    const { code, stderr } = await apply(clusterPolicy("good", BAD));
    expect(code).not.toBe(0);
    expect(stderr).toContain("spec.rules[0].preconditions.all[0].key");
  });

  it("of kyverno.io is checked too, and what is not served of it is told", async () => {
    const rule = {
      name: "settings",
      match: GOOD.match,
      generate: configMap("settings", { of: "{{ nothing.there }}" }),
    };
    const refused = await create(kyvernoPolicy("bad", [rule]), "/apis/kyverno.io/v1/clusterpolicies");
    expect(refused.status).toBe(422);
    expect(refused.message).toContain("spec.rules[0].generate.data.data.of");
    const validate = { name: "check", match: GOOD.match, validate: { message: "no", pattern: {} } };
    const { code, stderr } = await apply(kyvernoPolicy("partly", [validate]));
    expect(code).toBe(0);
    expect(stderr).toMatch(/Warning: spec.rules\[0\] is left out/);
  });
});

describe("a bad policy that is stored already", () => {
  it("may be labelled, and deleted", async () => {
    await cluster.kubectl("label", "clusterpolicies.perennial.dev", "before", "seen=yes");
    await cluster.kubectl("delete", "clusterpolicies.perennial.dev", "before");
  });
});

describe("the webhook configuration", () => {
  it("asks for policies alone, which nobody else could check, and goes with the operator's namespace", async () => {
    const { webhooks, metadata } = await stored();
    expect(webhooks.map(({ name, failurePolicy }) => [name, failurePolicy])).toEqual([
      ["policies.perennial.dev", "Fail"],
      ["policies.kyverno.io", "Fail"],
    ]);
    for (const { rules } of webhooks) expect(rules).toMatchObject([{ resources: ["clusterpolicies", "policies"] }]);
    expect(metadata.ownerReferences).toMatchObject([{ kind: "Namespace", name: "perennial-system" }]);
  });

  it("is put back when somebody deletes it", async () => {
    await cluster.kubectl("delete", "validatingwebhookconfiguration", CONFIGURATION);
    await waitUntil("it is there again", async () => (await find()) !== undefined);
  });

  it("is put back when somebody edits it", async () => {
    const patch = [{ op: "replace", path: "/webhooks/0/failurePolicy", value: "Ignore" }];
    const type = ["--type=json", "-p", JSON.stringify(patch)];
    await cluster.kubectl("patch", "validatingwebhookconfiguration", CONFIGURATION, ...type);
    await waitUntil("it is as before", async () => (await stored()).webhooks[0]?.failurePolicy === "Fail");
  });

  it("keeps nobody whom it trusts from writing policies while no operator runs", async () => {
    await operator.stop();
    operator = await startOperator(cluster, { flags: [...flags, "--kyverno", "--trust-policy-authors"] });
    await waitUntil("nobody waits", async () => (await stored()).webhooks[0]?.failurePolicy === "Ignore");
    await operator.stop();
    expect((await create(clusterPolicy("bad", BAD))).status).toBe(201);
  });

  it("is taken away by an operator without the flag", async () => {
    operator = await startOperator(cluster);
    await waitUntil("it is gone", async () => (await find()) === undefined);
    await waitUntil("the certificates are gone", async () => {
      const secret = await cluster.get("secret", "perennial-system", "perennial");
      return Object.keys(secret?.data ?? {}).join() === "installation-key";
    });
  });
});

async function apply(policy: object) {
  return cluster.tryKubectlWith(JSON.stringify(policy), "apply", "-f", "-");
}

function find() {
  return cluster.get("validatingwebhookconfiguration", "", CONFIGURATION);
}

type Webhook = { name: string; failurePolicy: string; rules: Json };

async function stored() {
  const found = await find();
  if (found === undefined) throw new Error("there is no configuration");
  return { metadata: found.metadata, webhooks: found.webhooks as unknown as Webhook[] };
}

async function waitForReady(name: string): Promise<string> {
  let message = "";
  await waitUntil(`${name} is Ready=False`, async () => {
    const policy = await cluster.get("clusterpolicies.perennial.dev", "", name);
    message = JSON.stringify(policy?.status ?? {});
    return message.includes("InvalidPolicy");
  });
  return message;
}
