/** Ctrl-C while the binaries are built, which may take ten minutes: it ends everything at once. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { waitUntil } from "./wait.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "perennial-interruption-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const programs: [what: string, argv: string[], signal: NodeJS.Signals][] = [
  ["the demo by Ctrl-C", ["demo.ts"], "SIGINT"],
  ["the demo by SIGTERM", ["demo.ts"], "SIGTERM"],
  ["a control plane by Ctrl-C", ["control-plane/main.ts", "run"], "SIGINT"],
  ["a build by SIGTERM", ["control-plane/main.ts", "build"], "SIGTERM"],
];

it.each(programs)("ends %s at once, with the build, and leaves no file", async (_, argv, signal) => {
  const builders = join(folder, "builders");
  await makeSlowGo(folder, builders);
  const program = startProgram(argv);
  const ended = once(program, "exit");
  await waitUntil("the build runs", async () => (await readIfThere(builders)).endsWith("\n"), { deadline: 30_000 });
  const pids = (await readIfThere(builders)).trim().split(" ").map(Number);
  expect(pids.map(isAlive)).toEqual([true, true]);
  const since = performance.now();
  program.kill(signal);
  expect(await ended).toEqual([null, signal]); // which a shell shows as 130 or 143
  expect(performance.now() - since).toBeLessThan(2_000);
  await waitUntil("no build", async () => !pids.some(isAlive), { deadline: 10_000 });
  for (const place of ["cache/control-plane", "tmp"])
    await waitUntil(`no file in ${place}`, async () => (await readdir(join(folder, place))).length === 0, {
      deadline: 10_000,
    });
});

/** With no binaries, no network (a proxy that is not there) and the Go of the test. */
function startProgram([file = "", ...argv]: string[]) {
  return spawn(process.execPath, [join(import.meta.dirname, "..", file), ...argv], {
    env: {
      PATH: `${folder}:/usr/bin:/bin`,
      TMPDIR: join(folder, "tmp"),
      PERENNIAL_CACHE: join(folder, "cache"),
      NODE_USE_ENV_PROXY: "1",
      HTTPS_PROXY: "http://127.0.0.1:1",
    },
    stdio: "ignore",
  });
}

/** A `go` whose build never ends, and writes the process ids of itself and of a child. */
async function makeSlowGo(where: string, builders: string): Promise<void> {
  const script = `#!/bin/sh
[ "$1" = env ] && echo go1.99.0 && exit
sleep 600 &
echo $$ $! > ${builders}
wait
`;
  await mkdir(join(where, "tmp"));
  await writeFile(join(where, "go"), script, { mode: 0o755 });
}

function readIfThere(file: string): Promise<string> {
  return readFile(file, "utf8").catch(() => "");
}

function isAlive(pid: number): boolean {
  try {
    return !execFileSync("ps", ["-o", "stat=", "-p", String(pid)], { encoding: "utf8" }).startsWith("Z");
  } catch {
    return false;
  }
}
