/** The guides are true: their commands are run as they stand, their policies are accepted, their links lead somewhere. */

import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { REASONS } from "../src/policy/index.ts";
import {
  type Cluster,
  type OperatorProcess,
  ROOT,
  startCluster,
  startOperator,
  webhookFlags,
} from "./harness/index.ts";

let cluster: Cluster;
/** Where `perennial` is found, as after an installation. */
let binaries: string;
let operator: OperatorProcess;

beforeAll(async () => {
  binaries = await mkdtemp(join(tmpdir(), "perennial-bin-"));
  for (const name of ["perennial", "kubectl-perennial"])
    await symlink(join(ROOT, "dist/main.js"), join(binaries, name));
  cluster = await startCluster({ grantUsualKinds: false });
  await cluster.kubectl("apply", "-k", join(ROOT, "config/samples-rbac"));
  operator = await startOperator(cluster, { flags: await webhookFlags() });
});

afterAll(async () => {
  await operator?.stop();
  await cluster?.stop();
  await rm(binaries, { recursive: true, force: true });
});

/** The blocks of a page in the language that the fence names. */
function blocksOf(page: string, language: string): string[] {
  const fence = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, "gm");
  return Array.from(readFileSync(join(ROOT, page), "utf8").matchAll(fence), ([, block = ""]) => block);
}

function runShell(script: string): Promise<{ code: number; output: string }> {
  const { kubeconfig, kubectl } = cluster.plane;
  const env = {
    ...process.env,
    KUBECONFIG: kubeconfig,
    PATH: [binaries, dirname(kubectl), process.env.PATH].join(":"),
  };
  return new Promise((resolve) => {
    execFile("/bin/sh", ["-ec", script], { cwd: ROOT, env, timeout: 60_000 }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), output: stdout + stderr }),
    );
  });
}

describe("the commands of", () => {
  it.each([
    "first-policy.md",
    "permissions.md",
    "copy-a-secret.md",
    "troubleshooting.md",
    "try-offline.md",
    "plan-live.md",
    "change-on-write.md",
  ])("%s do what the guide says", async (guide) => {
    const blocks = blocksOf(`docs/guides/${guide}`, "sh");
    expect(blocks).not.toEqual([]);
    for (const block of blocks) {
      const { code, output } = await runShell(block);
      expect(code, `${block}\n${output}`).toBe(0);
    }
  });
});

describe("the policy of the README", () => {
  it("is accepted and becomes ready", async () => {
    const [policy = ""] = blocksOf("README.md", "yaml");
    const apply = `kubectl apply -f - <<'END'\n${policy}END\nkubectl wait --for=condition=Ready pcpol/no-traffic-by-default`;
    const { code, output } = await runShell(apply);
    expect(code, output).toBe(0);
  });
});

describe("troubleshooting", () => {
  it("speaks of reasons that exist", () => {
    const page = readFileSync(join(ROOT, "docs/guides/troubleshooting.md"), "utf8");
    const reasons = Array.from(page.matchAll(/^\| `(\w+)`/gm), ([, reason = ""]) => reason);
    expect(reasons.length).toBeGreaterThan(10);
    expect(Object.keys(REASONS)).toEqual(expect.arrayContaining(reasons));
  });
});

describe("the links of", () => {
  const pages = readdirSync(ROOT, { recursive: true, encoding: "utf8" }).filter(
    (file) => file.endsWith(".md") && !/(^|\/)(node_modules|dist|\.git)\//.test(file),
  );

  it.each(pages)("%s lead to files that are there", (page) => {
    const links = readFileSync(join(ROOT, page), "utf8").matchAll(/\]\(([^)#:\s]+)(?:#[^)]*)?\)/g);
    for (const [, target = ""] of links) expect(existsSync(join(ROOT, dirname(page), target)), target).toBe(true);
  });
});
