/** Builds the commands with the Go toolchain, as our go.mod lists them. */
import { execFile } from "node:child_process";
import { readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { DeathPact } from "./death-pact.ts";
import { readLastLines, startProcess } from "./process.ts";
import { goModuleFolder, type Versions } from "./versions.ts";

export interface GoBuild {
  /** Exists, and is empty. */
  readonly folder: string;
  readonly versions: Versions;
  readonly env: NodeJS.ProcessEnv;
  readonly say: (line: string) => void;
  readonly pact: DeathPact;
}

const minute = 60_000;

/** Fills `folder`. Rejects with the reason when there is no Go, or too old a one, or the build fails. */
export async function buildWithGo({ folder, versions, say, pact, ...options }: GoBuild): Promise<void> {
  const env = cleanEnvironment(options.env);
  const goVersion = await findGo(versions, env);
  say(`control plane: building Kubernetes ${versions.kubernetes} and etcd ${versions.etcd} with ${goVersion}.`);
  say("control plane: about ten minutes, and 3 GB of disk in Go's own caches; only this time");
  const logFile = join(folder, "go-build.log");
  const started = performance.now();
  const build = await startProcess({
    name: "go build",
    command: "go",
    arguments: ["build", "-v", "-trimpath", "-ldflags", linkerFlags(versions.kubernetes), "-o", folder, "tool"],
    folder: goModuleFolder,
    logFile,
    pact,
    env,
  });
  const progress = setInterval(() => void sayProgress(logFile, started, say), minute);
  const end = await build.ended.finally(() => clearInterval(progress));
  if (end !== "exit code 0") throw new Error(`go build: ${end}: ${await readLastLines(logFile, 10)}`);
  // Go names a command after the last part of its path, which is "server" for etcd.
  await rename(join(folder, "server"), join(folder, "etcd"));
  await rm(logFile);
}

/** What the user has set for other builds must not change this one. */
function cleanEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { GOFLAGS, GOOS, GOARCH, ...rest } = env;
  return { ...rest, CGO_ENABLED: "0", GOWORK: "off" };
}

/** The version of Go. In the folder of our go.mod a Go that is too old either fetches a newer one, or fails. */
async function findGo({ go }: Versions, env: NodeJS.ProcessEnv): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)("go", ["env", "GOVERSION"], { cwd: goModuleFolder, env });
    return stdout.trim();
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") throw new Error("no go in PATH");
    const reason = error instanceof Error && "stderr" in error ? String(error.stderr).trim() : String(error);
    throw new Error(`Go ${go} or newer is needed: ${reason}`);
  }
}

/** Without these Kubernetes calls itself v0.0.0-master, and kubectl warns of it. */
function linkerFlags(kubernetes: string): string {
  const [, major, minor] = /^v(\d+)\.(\d+)/.exec(kubernetes) ?? [];
  const variables = { gitVersion: kubernetes, gitMajor: major, gitMinor: minor, gitTreeState: "clean" };
  const settings = Object.entries(variables).map(
    ([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`,
  );
  return ["-s", "-w", ...settings].join(" ");
}

async function sayProgress(logFile: string, started: number, say: (line: string) => void): Promise<void> {
  const lines = (await readFile(logFile, "utf8").catch(() => "")).split("\n");
  const downloads = lines.filter((line) => line.startsWith("go: ")).length;
  const minutes = Math.round((performance.now() - started) / minute);
  say(
    `control plane: ${minutes} min: ${downloads} modules downloaded, ${lines.length - 1 - downloads} packages compiled`,
  );
}
