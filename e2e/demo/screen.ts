/** What the demo shows: numbered steps, the commands that are run, what they say. Coloured on a terminal. */

import { spawn } from "node:child_process";

export interface Screen {
  /** Begins a step, with its number, after a blank line. */
  step(title: string): void;
  /** A line of explanation or result. */
  say(line: string): void;
  /** Something that took so long. */
  took(what: string, millis: number): void;
  /** Shows the command, runs it in a shell, shows what it says. Rejects when it fails. */
  run(command: string): Promise<void>;
}

export type ScreenOptions = { write(text: string): void; coloured: boolean; folder: string; env: NodeJS.ProcessEnv };

const INDENT = "   ";

export function createScreen({ write, coloured, folder, env }: ScreenOptions): Screen {
  const paint = (code: number) => (text: string) => (coloured ? `\u001b[${code}m${text}\u001b[0m` : text);
  const [bold, dim, green, cyan] = [paint(1), paint(2), paint(32), paint(36)];
  const indented = (text: string, colour: (line: string) => string) => {
    for (const line of text.trimEnd().split("\n")) write(`${INDENT}${colour(line)}\n`);
  };
  let number = 0;
  return {
    step(title) {
      number += 1;
      write(`\n${bold(`${number}. ${title}`)}\n`);
    },
    say: (line) => indented(line, (text) => text),
    took: (what, millis) =>
      write(`${INDENT}${green("✓")} ${what.padEnd(44)} ${bold(formatMillis(millis).padStart(7))}\n`),
    async run(command) {
      indented(`$ ${command}`, cyan);
      const { code, output } = await runShell(command, folder, env);
      if (output.trim() !== "") indented(output, dim);
      if (code !== 0) throw new Error(`the command ended with exit code ${code}`);
    },
  };
}

function formatMillis(millis: number): string {
  if (millis < 1) return "< 1 ms";
  return millis < 10_000 ? `${Math.round(millis)} ms` : `${(millis / 1000).toFixed(1)} s`;
}

function runShell(command: string, cwd: string, env: NodeJS.ProcessEnv): Promise<{ code: number; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn("/bin/sh", ["-c", command], { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        output += text;
      });
    }
    child.once("error", reject);
    child.once("close", (code) => resolve({ code: code ?? 1, output }));
  });
}
