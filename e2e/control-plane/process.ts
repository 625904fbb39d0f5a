/** A process of the control plane: its output goes to a log file, and it dies with us. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { open, readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import type { DeathPact } from "./death-pact.ts";

export interface ProcessOptions {
  /** How messages call it. */
  readonly name: string;
  readonly command: string;
  readonly arguments: readonly string[];
  /** Output is appended to it. */
  readonly logFile: string;
  readonly pact: DeathPact;
  readonly folder?: string;
  readonly env?: NodeJS.ProcessEnv;
}

export interface RunningProcess {
  readonly name: string;
  readonly pid: number;
  readonly logFile: string;
  /** Says how it ended ("exit code 1", "signal SIGKILL"); never rejects. */
  readonly ended: Promise<string>;
  hasEnded(): boolean;
  /** Sends the signal; if that has not ended it after 20 s, SIGKILL. Returns when it has ended. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

/** A process that could not be started, or ended when it should not have: says how, with the end of its log. */
export class ProcessFailure extends Error {
  override readonly name = "ProcessFailure";
  /** The end of the log. */
  readonly output: string;

  constructor(process: { name: string; logFile: string }, what: string, output: string) {
    super(`${process.name}: ${what}. The last lines of ${process.logFile}:\n${output}`);
    this.output = output;
  }
}

/**
 * The command starts only after the guardian knows its process id: it waits for a line on stdin, and if we are gone before
 * we could write it, it ends without having begun.
 */
const waitForGo = 'read -r go && exec "$@" </dev/null';
const patience = 20_000;

export async function startProcess(options: ProcessOptions): Promise<RunningProcess> {
  const log = await open(options.logFile, "a");
  const child = spawn("/bin/sh", ["-c", waitForGo, options.name, options.command, ...options.arguments], {
    // A group of its own: Ctrl-C reaches us only, and we stop things in their order.
    detached: true,
    stdio: ["pipe", log.fd, log.fd],
    ...(options.folder === undefined ? {} : { cwd: options.folder }),
    ...(options.env === undefined ? {} : { env: options.env }),
  });
  child.stdin?.on("error", () => {});
  const ended = describeEnd(child);
  await once(child, "spawn").finally(() => log.close());
  const pid = child.pid;
  if (pid === undefined) throw new Error(`${options.name} has no process id`);
  options.pact.guard(pid);
  child.stdin?.end("go\n");
  child.unref();
  void ended.then(() => options.pact.forget(pid));
  return describeProcess(child, pid, ended, options);
}

/** The last `count` lines of a log; empty when there is none yet. */
export async function readLastLines(path: string, count = 15): Promise<string> {
  const text = await readFile(path, "utf8").catch(() => "");
  return text.trimEnd().split("\n").slice(-count).join("\n");
}

/** Rejects with a ProcessFailure when the process ends; never resolves. */
export async function failWhenEnded(process: RunningProcess): Promise<never> {
  const end = await process.ended;
  throw new ProcessFailure(process, `ended with ${end}`, await readLastLines(process.logFile));
}

function describeProcess(
  child: ChildProcess,
  pid: number,
  ended: Promise<string>,
  options: ProcessOptions,
): RunningProcess {
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
  return {
    name: options.name,
    logFile: options.logFile,
    pid,
    ended,
    hasEnded,
    async stop(signal = "SIGTERM") {
      if (hasEnded()) return;
      // The event loop must not run empty before the end has been seen.
      child.ref();
      child.kill(signal);
      const inTime = new AbortController();
      const late = delay(patience, undefined, { signal: inTime.signal }).then(
        () => child.kill("SIGKILL"),
        () => {},
      );
      await Promise.race([ended, late]);
      inTime.abort();
      await ended;
    },
  };
}

function describeEnd(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.on("exit", (code, signal) => resolve(signal === null ? `exit code ${code}` : `signal ${signal}`));
  });
}
