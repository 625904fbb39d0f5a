/** `make demo` does what the README says, and leaves nothing behind. */

import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, describe, expect, it } from "vitest";
import { ROOT, waitUntil } from "./harness/index.ts";

const children = new Set<ChildProcess>();

afterEach(() => {
  for (const child of children) child.kill("SIGTERM");
  children.clear();
});

function startDemo(env: { KEEP?: string }) {
  const child = spawn(process.execPath, [join(ROOT, "e2e/demo.ts")], {
    env: { ...process.env, KEEP: "", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.add(child);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  return { child, output: () => output, ended: once(child, "close").then(([code]) => code as number | null) };
}

describe("the demo", () => {
  it("shows six objects that appear and three changes that are put right", async () => {
    const demo = startDemo({});
    expect(await demo.ended, demo.output()).toBe(0);
    const output = demo.output();
    for (const target of [
      "NetworkPolicy default-deny",
      "NetworkPolicy allow-dns",
      "ResourceQuota team-quota",
      "LimitRange default-limits",
      "RoleBinding team-edit",
      "ConfigMap team-info",
    ]) {
      expect(output).toMatch(new RegExp(`✓ ${target} +(?:< )?\\d+ ms`));
    }
    expect(output.match(/✓ it has grown back +(?:< )?\d+ ms/g)).toHaveLength(2);
    const addition = output.slice(output.indexOf("Somebody adds"), output.indexOf("Somebody deletes"));
    expect(addition).toContain(`'{"spec":{"egress":[{}]}}'`);
    expect(addition).toMatch(/✓ it is taken out again +(?:< )?\d+ ms/);
    expect(addition).toContain('{"podSelector":{},"policyTypes":["Ingress","Egress"]}'); // all that is left of it
    expect(output).toMatch(/namespace-baseline +Correct +True .* 6\/6 +3 /);
    expect(output).toContain("kubectl-patch");
  });

  it("runs on with KEEP=1 until Ctrl-C, with a kubeconfig to play with", async () => {
    const demo = startDemo({ KEEP: "1" });
    await waitUntil("the tour is over", async () => demo.output().includes("until Ctrl-C"));
    const kubeconfig = /export KUBECONFIG=(\S+)/.exec(demo.output())?.[1] ?? "";
    const folder = /export PATH=([^:]+):/.exec(demo.output())?.[1] ?? "";
    const arguments_ = ["--kubeconfig", kubeconfig, "get", "pcpol", "-o", "name"];
    const { stdout } = await promisify(execFile)(join(folder, "kubectl"), arguments_);
    expect(stdout).toContain("namespace-baseline");
    demo.child.kill("SIGINT");
    expect(await demo.ended).toBe(0);
    expect(existsSync(kubeconfig)).toBe(false);
  });
});
