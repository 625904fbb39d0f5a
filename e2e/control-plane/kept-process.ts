/** A process that is started again when it ends by itself, as a kubelet would do. */
import { setTimeout as delay } from "node:timers/promises";
import type { RunningProcess } from "./process.ts";

export interface KeptProcess {
  /** The one that runs, or has just ended. */
  current(): RunningProcess;
  stop(): Promise<void>;
}

const pause = 500;

export async function keepRunning(start: () => Promise<RunningProcess>): Promise<KeptProcess> {
  let running = await start();
  const stopping = new AbortController();
  const restartForever = async () => {
    while (!stopping.signal.aborted) {
      await running.ended;
      await delay(pause, undefined, { signal: stopping.signal, ref: false });
      running = await start();
    }
  };
  // It ends by the abort, which rejects the pause; a start that fails leaves an ended process, which tests see as such.
  const restarting = restartForever().catch(() => {});
  return {
    current: () => running,
    async stop() {
      stopping.abort();
      await running.stop();
      await restarting;
      await running.stop();
    },
  };
}
