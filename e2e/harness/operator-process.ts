/** The operator as a process of its own, as its service account. */

import { type ChildProcess, spawn } from "node:child_process";
import { delimiter, dirname, join } from "node:path";
import { type Cluster, ROOT, waitUntil } from "./cluster.ts";

export interface OperatorProcess extends AsyncDisposable {
  readonly pid: number;
  /** Undefined while it runs; null when a signal ended it. */
  readonly exitCode: number | null | undefined;
  /** Such as http://127.0.0.1:41234. */
  readonly url: string;
  /** The JSON lines logged so far. */
  log(): { level: number; msg: string; [field: string]: unknown }[];
  /** All that was printed, for searching. */
  output(): string;
  metrics(): Promise<string>;
  /** Waits until /readyz says ok. */
  ready(): Promise<void>;
  /** SIGTERM, and the exit code. */
  stop(): Promise<number | null>;
  /** SIGKILL: no goodbye. */
  kill(): Promise<void>;
}

export type OperatorProcessOptions = {
  /** More flags, such as `--prune-delay=1s`. */
  flags?: readonly string[];
  /** Only those flags: neither kubeconfig nor address. Default false. */
  bare?: boolean;
  env?: { [name: string]: string };
  /** Wait until /readyz says ok. Default true. */
  waitReady?: boolean;
};

/** What `make build` makes; its first line says how Node is to run it. */
export const PROGRAM = join(ROOT, "dist/main.js");
/** With the Node that runs the tests first. */
export const PROGRAM_PATH = `${dirname(process.execPath)}${delimiter}${process.env.PATH ?? ""}`;

export async function startOperator(cluster: Cluster, options: OperatorProcessOptions = {}): Promise<OperatorProcess> {
  const usual = ["--kubeconfig", cluster.operatorKubeconfig, "--metrics-address", "127.0.0.1:0"];
  const flags = [...(options.bare ? [] : usual), ...(options.flags ?? [])];
  const child = spawn(PROGRAM, ["operator", ...flags], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, PATH: PROGRAM_PATH, ...options.env },
  });
  const started = new StartedProcess(child);
  await started.listening();
  if (options.waitReady ?? true) await started.ready();
  return started;
}

class StartedProcess implements OperatorProcess {
  readonly #child: ChildProcess;
  readonly #exited: Promise<number | null>;
  #output = "";
  url = "";

  constructor(child: ChildProcess) {
    this.#child = child;
    this.#exited = new Promise((resolve) => child.once("exit", resolve));
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding("utf8").on("data", (text) => (this.#output += text));
    const end = (): boolean => child.kill("SIGKILL");
    process.once("exit", end);
    child.once("exit", () => process.off("exit", end));
  }

  get exitCode(): number | null | undefined {
    return this.#child.exitCode === null && this.#child.signalCode === null ? undefined : this.#child.exitCode;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  output(): string {
    return this.#output;
  }

  log(): ReturnType<OperatorProcess["log"]> {
    return this.#output
      .split("\n")
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line));
  }

  async listening(): Promise<void> {
    await waitUntil("the operator listens", async () => {
      if (this.#child.exitCode !== null) throw new Error(this.#output);
      const address = /"metrics":"([^"]+)"/.exec(this.#output)?.[1];
      this.url = `http://${address}`;
      return address !== undefined;
    });
  }

  async ready(): Promise<void> {
    await waitUntil("the operator is ready", async () => {
      if (this.#child.exitCode !== null) throw new Error(this.#output);
      const answer = await fetch(`${this.url}/readyz`);
      if (!answer.ok) throw new Error(await answer.text());
      return true;
    });
  }

  async metrics(): Promise<string> {
    return (await fetch(`${this.url}/metrics`)).text();
  }

  async stop(): Promise<number | null> {
    this.#child.kill("SIGTERM");
    return this.#exited;
  }

  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) await this.stop();
  }
}
