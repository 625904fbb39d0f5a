/** What the demo plays on: a control plane, and later the operator; both end with it, however it ends. */

import { readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { makeDeathPact } from "../control-plane/death-pact.ts";
import { type ControlPlane, startControlPlane, waitUntil } from "../control-plane/index.ts";
import { type RunningProcess, readLastLines, startProcess } from "../control-plane/process.ts";

export const ROOT = resolve(import.meta.dirname, "../..");

export interface Stage {
  readonly plane: ControlPlane;
  /** What makes kubectl work in a shell. */
  readonly env: NodeJS.ProcessEnv;
  /** Returns when the operator is ready. It runs as its service account, which must exist. */
  startOperator(): Promise<void>;
  /** The end of the operator's log; empty when it was never started. */
  readOperatorLog(): Promise<string>;
  stop(): Promise<void>;
}

/** `say` is told what takes long: downloading or building the binaries. */
export async function openStage(say: (line: string) => void): Promise<Stage> {
  const plane = await startControlPlane({ say, audit: false });
  const pact = makeDeathPact();
  const logFile = join(plane.folder, "operator.log");
  let operator: RunningProcess | undefined;
  return {
    plane,
    env: {
      ...process.env,
      KUBECONFIG: plane.kubeconfig,
      KUBECACHEDIR: join(plane.folder, "kubectl-cache"),
      PATH: `${dirname(plane.kubectl)}:${process.env.PATH}`,
    },
    async startOperator() {
      const kubeconfig = await plane.kubeconfigFor({ namespace: "perennial-system", serviceAccount: "perennial" });
      operator = await startProcess({
        name: "operator",
        command: "dist/main.js",
        arguments: ["operator", `--kubeconfig=${kubeconfig}`, "--metrics-address=127.0.0.1:0"],
        logFile,
        pact,
        folder: ROOT,
      });
      await waitForOperator(operator);
    },
    readOperatorLog: () => readLastLines(logFile),
    async stop() {
      await operator?.stop();
      await plane.stop();
      await pact.release();
    },
  };
}

async function waitForOperator(operator: RunningProcess): Promise<void> {
  const isReady = async () => {
    const address = /"metrics":"([^"]+)"/.exec(await readFile(operator.logFile, "utf8"))?.[1];
    return address !== undefined && (await fetch(`http://${address}/readyz`)).ok;
  };
  const ended = operator.ended.then((how) => {
    throw new Error(`the operator ended with ${how}`);
  });
  await Promise.race([waitUntil("the operator is ready", isReady, { deadline: 30_000 }), ended]);
}
