/** Lets one process at a time do a long work, so that a second one waits for the result. */
import { open, rm, stat, utimes } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { makeDeathPact } from "./death-pact.ts";

/** Who holds the lock touches it that often; one that is untouched for longer than `stale` belongs to a dead process. */
const heartbeat = 5_000;
const stale = 30_000;
const pause = 500;

/**
 * Runs `work` while nobody else runs one under the lock file `path`; `onWait` is called once if we have to wait.
 * It saves work, but is no guarantee: two that find a stale lock in the same instant may both go on.
 */
export async function withLock<T>(path: string, onWait: () => void, work: () => Promise<T>): Promise<T> {
  for (let waits = 0; !(await take(path)); waits++) {
    if (waits === 0) onWait();
    await delay(pause);
  }
  const pact = makeDeathPact(path); // whom Ctrl-C ends leaves no lock that the next one would wait for
  const touch = setInterval(() => void utimes(path, new Date(), new Date()).catch(() => {}), heartbeat);
  try {
    return await work();
  } finally {
    clearInterval(touch);
    await pact.release();
  }
}

async function take(path: string): Promise<boolean> {
  try {
    await (await open(path, "wx")).close();
    return true;
  } catch (error) {
    if (!hasCode(error, "EEXIST")) throw error;
  }
  const touched = await stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => undefined,
  );
  if (touched !== undefined && Date.now() - touched > stale) await rm(path, { force: true });
  return false;
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
