/** What the API server itself says about policies: our definitions installed into a real one. */

import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isJsonObject, type Json, type JsonObject } from "../src/object/index.ts";
import { customResourceDefinition, POLICY_KINDS, type PolicyKind, parsePolicy } from "../src/policy/index.ts";
import { type ControlPlane, startControlPlane, waitUntil } from "./control-plane/index.ts";
import { GOOD, MISTAKES, made, matched, policy } from "./policy-mistakes.ts";
import { refusedFields } from "./refused-fields.ts";

const CRDS = join(import.meta.dirname, "../crds");

let plane: ControlPlane;
let kubectlCache: string;

beforeAll(async () => {
  [plane, kubectlCache] = await Promise.all([startControlPlane(), mkdtemp(join(tmpdir(), "perennial-kubectl-"))]);
  await kubectl("apply", "-f", CRDS);
  await waitUntil("the definitions are established", areEstablished);
  await waitUntil("policies are served", areServed);
});

afterAll(async () => {
  await plane?.stop();
  await rm(kubectlCache, { recursive: true, force: true });
});

/** Both streams together; rejects with them when kubectl fails. */
function kubectl(...args: string[]): Promise<string> {
  return runKubectl(args, "");
}

function runKubectl(args: string[], input: string): Promise<string> {
  const flags = ["--kubeconfig", plane.kubeconfig, "--cache-dir", kubectlCache];
  return new Promise((resolve, reject) => {
    const child = execFile(plane.kubectl, [...flags, ...args], { maxBuffer: 2 ** 26 }, (error, stdout, stderr) =>
      error === null ? resolve(stdout + stderr) : reject(new Error(stdout + stderr)),
    );
    child.stdin?.end(input);
  });
}

const COLLECTIONS = {
  ClusterPolicy: "/apis/perennial.dev/v1/clusterpolicies",
  Policy: "/apis/perennial.dev/v1/namespaces/default/policies",
};

function create(kind: PolicyKind, spec: Json, parameters = "fieldValidation=Strict") {
  return plane.request("POST", `${COLLECTIONS[kind]}?${parameters}`, policy(kind, spec));
}

/** Before a definition has any conditions, kubectl fails instead of waiting. */
async function areEstablished(): Promise<boolean> {
  await kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=10s");
  return true;
}

/** Established is said a moment before the first request is answered. */
async function areServed(): Promise<boolean> {
  const answers = await Promise.all(POLICY_KINDS.map((kind) => create(kind, GOOD, "dryRun=All")));
  return answers.every(({ status }) => status === 201);
}

/** The words of a refusal; fails when there was none. */
async function refusal(kind: PolicyKind, spec: Json, metadata: JsonObject = {}): Promise<string> {
  const body = policy(kind, spec, metadata);
  const answer = await plane.request("POST", `${COLLECTIONS[kind]}?fieldValidation=Strict&dryRun=All`, body);
  expect(answer.status).toBeGreaterThanOrEqual(400);
  return String(isJsonObject(answer.body) ? answer.body.message : answer.body);
}

describe("the definitions", () => {
  it("can be applied again without a change", async () => {
    expect(await kubectl("apply", "-f", CRDS)).toMatch(/clusterpolicies\S+ unchanged\n.*policies\S+ unchanged/);
  });

  it("can be created anew", async () => {
    await kubectl("delete", "-f", CRDS, "--wait", "--timeout=60s");
    expect(await kubectl("create", "-f", CRDS)).toMatch(/clusterpolicies\S+ created\n.*policies\S+ created/);
    await waitUntil("the definitions are established", areEstablished);
    await waitUntil("policies are served again", areServed);
  });

  it("teach the language in kubectl explain, under their short names", async () => {
    await waitUntil("kubectl explains", async () => (await kubectl("explain", "pcpol.spec.rules.generate")) !== "");
    expect(await kubectl("explain", "pcpol.spec.rules.generate")).toMatch(
      /synchronize\s+<boolean>\s+true \(what is meant when absent\)/,
    );
    expect(await kubectl("explain", "ppol.spec.rules.match.any.resources")).toMatch(
      /kinds\s+<\[\]string>\s+The kinds to look at/,
    );
    expect(await kubectl("explain", "pcpol.status.summary.ratio")).toContain("such as 48/50");
  });

  it.each(POLICY_KINDS)("will stay within the API server's cost limits when all of %s is served", async (kind) => {
    const whole = customResourceDefinition(kind, { serveAll: true });
    const says = await runKubectl(["replace", "--dry-run=server", "-f", "-"], JSON.stringify(whole));
    expect(says).toContain("replaced (server dry run)");
  });
});

describe("a good policy", () => {
  it.each(POLICY_KINDS)("of kind %s is stored as it was written, without defaults", async (kind) => {
    const spec = { ...GOOD, mode: "Correct", adoption: "IfUnmanaged", drift: {} };
    const answer = await create(kind, spec);
    expect(answer.status, JSON.stringify(answer.body)).toBe(201);
    const stored = isJsonObject(answer.body) ? answer.body : {};
    expect(stored.spec).toEqual(spec);
    expect(parsePolicy(stored)).toEqual({ policy: stored });
    await plane.request("DELETE", `${COLLECTIONS[kind]}/example`);
  });

  it("is shown in the columns of its status", async () => {
    await create("ClusterPolicy", GOOD);
    const status = {
      mode: "Correct",
      summary: { triggers: 10, desired: 50, inSync: 48, corrected: 7, ratio: "48/50" },
      conditions: [
        {
          type: "Ready",
          status: "True",
          reason: "Planned",
          message: "served",
          lastTransitionTime: "2026-01-01T00:00:00Z",
        },
      ],
    };
    await kubectl(
      "patch",
      "pcpol",
      "example",
      "--subresource=status",
      "--type=merge",
      "-p",
      JSON.stringify({ status }),
    );
    const table = await kubectl("get", "pcpol", "-o", "wide");
    expect(table).toMatch(/^NAME +MODE +READY +TRIGGERS +IN-SYNC +CORRECTED +AGE +MESSAGE\n/);
    expect(table).toMatch(/\nexample +Correct +True +10 +48\/50 +7 +\S+ +served\n/);
    expect(await kubectl("get", "pcpol")).not.toContain("MESSAGE");
    await kubectl("delete", "pcpol", "example");
  });
});

describe("a bad policy", () => {
  it.each(MISTAKES)("is refused for %s", async (_mistake, spec, path, says) => {
    const message = await refusal("ClusterPolicy", spec);
    expect(message).toContain(path);
    expect(message).toContain(says);
    expect(parsePolicy(policy("ClusterPolicy", spec))).toHaveProperty("issues");
  });

  it.each(POLICY_KINDS)("of kind %s is refused for a name of 64", async (kind) => {
    const message = await refusal(kind, GOOD, { name: "n".repeat(64) });
    expect(message).toMatch(/metadata\.name: Invalid value: .*at most 63 characters/);
  });

  it("of kind Policy is refused for namespaces in a filter", async () => {
    expect(await refusal("Policy", matched({ namespaces: ["default"] }))).toMatch(
      /resources\.namespaces: Forbidden: a Policy matches only in its own namespace/,
    );
  });

  it("is told every mistake at once", async () => {
    const message = await refusal("ClusterPolicy", { ...made({ kind: "*", name: "a/b" }), admission: false });
    for (const says of ["spec.admission", "written out", "neither / nor %"]) expect(message).toContain(says);
  });
});

describe("a field that is not served", () => {
  it.each(POLICY_KINDS)("is refused by name, whichever it is, in a %s", async (kind) => {
    const fields = refusedFields(kind);
    expect(fields.length).toBeGreaterThan(10); // they become fewer as they are served
    for (const [field, spec] of fields) {
      const sentence = `${field} is not served by this version of Perennial`;
      expect(await refusal(kind, spec)).toContain(`UnsupportedField: ${sentence}`);
      expect(JSON.stringify(parsePolicy(policy(kind, spec)))).toContain(sentence);
    }
  });

  it("is found in the definition, such as celPreconditions", () => {
    expect(refusedFields("ClusterPolicy").map(([path]) => path)).toContain("spec.rules[].celPreconditions");
  });
});

describe("an unknown field", () => {
  const manifest = JSON.stringify(policy("ClusterPolicy", made({ synchronise: true })));

  it("is refused by kubectl, which validates strictly", async () => {
    await expect(runKubectl(["create", "-f", "-"], manifest)).rejects.toThrow(
      /unknown field "spec.rules\[0\].generate.synchronise"/,
    );
  });

  it("is warned of when the client asks for warnings only", async () => {
    const said = await runKubectl(["create", "--validate=warn", "--dry-run=server", "-f", "-"], manifest);
    expect(said).toMatch(/Warning: unknown field "spec.rules\[0\].generate.synchronise"/);
  });
});
