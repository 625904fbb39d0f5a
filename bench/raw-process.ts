/** The raw writer as the bench sees it: a process that is given one command after another. */

import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import type { RawAnswer, RawCommand } from "./raw-writer.ts";

export class RawProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #answers: AsyncIterator<string>;

  constructor(adminKubeconfig: string, operatorKubeconfig: string) {
    const args = [join(import.meta.dirname, "raw-writer.ts"), adminKubeconfig, operatorKubeconfig];
    const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
    const lines: Interface = createInterface({ input: child.stdout });
    this.#child = child;
    this.#answers = lines[Symbol.asyncIterator]();
  }

  async obey(command: RawCommand): Promise<RawAnswer> {
    this.#child.stdin?.write(`${JSON.stringify(command)}\n`);
    const { value, done } = await this.#answers.next();
    if (done) throw new Error("the raw writer ended");
    return JSON.parse(value) as RawAnswer; // what raw-writer.ts prints
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.stdin?.end();
    await ended;
  }
}
