import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { findBinaries } from "./binaries.ts";
import { binaryNames } from "./binary-folder.ts";
import { readVersions } from "./versions.ts";

let folder: string;
let said: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "perennial-binaries-"));
  said = [];
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const cacheName = async () => `${(await readVersions()).kubernetes}-${process.platform}-${process.arch}`;
const say = (line: string) => void said.push(line);
const unreachable = "http://127.0.0.1:1";

/** Nothing is set but what the test sets: no Go, no kubectl, nobody's cache, nobody's network. */
function find(env: NodeJS.ProcessEnv = {}) {
  const sites = { kubernetes: unreachable, etcd: unreachable };
  return findBinaries({ say, sites, env: { PATH: folder, PERENNIAL_CACHE: join(folder, "cache"), ...env } });
}

async function makeCommands(where: string, names: readonly string[] = binaryNames): Promise<string> {
  await mkdir(where, { recursive: true });
  for (const name of names) {
    await writeFile(join(where, name), "#!/bin/sh\n");
    await chmod(join(where, name), 0o755);
  }
  return where;
}

it("takes the folder that PERENNIAL_CONTROL_PLANE names before all others", async () => {
  const named = await makeCommands(join(folder, "named"));
  const assets = await makeCommands(join(folder, "assets"));
  await makeCommands(join(folder, "cache", "control-plane", await cacheName()));
  const { etcd } = await find({ PERENNIAL_CONTROL_PLANE: named, KUBEBUILDER_ASSETS: assets });
  expect(etcd).toBe(join(named, "etcd"));
  expect(said).toEqual([`control plane: binaries of PERENNIAL_CONTROL_PLANE=${named}`]);
});

it("refuses a folder of PERENNIAL_CONTROL_PLANE that lacks a command, and says which", async () => {
  const named = await makeCommands(join(folder, "named"), ["etcd", "kube-apiserver", "kubectl"]);
  await expect(find({ PERENNIAL_CONTROL_PLANE: named })).rejects.toThrow(`${named} lacks kube-controller-manager.`);
});

it("takes kubectl from PATH when a named folder has none", async () => {
  const named = await makeCommands(join(folder, "named"), ["etcd", "kube-apiserver", "kube-controller-manager"]);
  const path = await makeCommands(join(folder, "bin"), ["kubectl"]);
  const { kubectl } = await find({ PERENNIAL_CONTROL_PLANE: named, PATH: path });
  expect(kubectl).toBe(join(path, "kubectl"));
});

it("goes on to the cache when KUBEBUILDER_ASSETS lacks the controllers, as it often does, and says so", async () => {
  const assets = await makeCommands(join(folder, "assets"), ["etcd", "kube-apiserver", "kubectl"]);
  const cache = await makeCommands(join(folder, "cache", "control-plane", await cacheName()));
  const { etcd } = await find({ KUBEBUILDER_ASSETS: assets });
  expect(etcd).toBe(join(cache, "etcd"));
  expect(said[0]).toBe(`control plane: KUBEBUILDER_ASSETS=${assets} lacks kube-controller-manager: not used`);
});

it("keeps the cache below XDG_CACHE_HOME, or else below ~/.cache", async () => {
  const xdg = await makeCommands(join(folder, "xdg", "perennial", "control-plane", await cacheName()));
  const home = await makeCommands(join(folder, ".cache", "perennial", "control-plane", await cacheName()));
  const fromXdg = await find({ PERENNIAL_CACHE: "", XDG_CACHE_HOME: join(folder, "xdg") });
  const fromHome = await find({ PERENNIAL_CACHE: "", HOME: folder });
  expect([fromXdg.etcd, fromHome.etcd]).toEqual([join(xdg, "etcd"), join(home, "etcd")]);
});

it("says what to install, each step in a line, when there is neither network nor Go; leaves nothing behind", async () => {
  const begin = performance.now();
  await expect(find()).rejects.toThrow(/install Go 1\.\d+\.\d+ or newer[\s\S]*PERENNIAL_CONTROL_PLANE/);
  expect(performance.now() - begin).toBeLessThan(5_000);
  const [none, tryReleases, notReleases, tryGo, notGo, ...more] = said;
  expect(none).toContain("none in the cache");
  expect(tryReleases).toContain("trying the official releases");
  expect(notReleases).toMatch(/not from the official releases: .*(127\.0\.0\.1|not for)/);
  expect(tryGo).toContain("trying the Go toolchain");
  expect(notGo).toContain("no go in PATH");
  expect(more).toEqual([]);
  expect(await readdir(join(folder, "cache", "control-plane"))).toEqual([]);
});

it("gives up a site that does not answer within three seconds", async () => {
  const silent = createServer(() => {});
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  const address = silent.address();
  const site = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
  const begin = performance.now();
  const env = { PATH: folder, PERENNIAL_CACHE: folder };
  await expect(findBinaries({ say, sites: { kubernetes: site, etcd: site }, env })).rejects.toThrow("install Go");
  expect(performance.now() - begin).toBeLessThan(5_000);
  silent.closeAllConnections();
  silent.close();
});

it("builds once for two that ask at once: the second waits, says so, and takes what the first has made", async () => {
  await makeFakeGo(folder);
  // The script needs the commands of the system.
  const env = { PATH: `${folder}:/usr/bin:/bin` };
  const [one, other] = await Promise.all([find(env), find(env)]);
  expect(other).toEqual(one);
  expect(said.filter((line) => line.includes("trying the Go toolchain"))).toHaveLength(1);
  expect(said.filter((line) => line.includes("waiting for another process"))).toHaveLength(1);
  expect(await readdir(join(folder, "cache", "control-plane"))).toEqual([await cacheName()]);
  expect((await readdir(join(one.etcd, ".."))).sort()).toEqual([...binaryNames]);
});

it("repeats the last lines of a build that fails", async () => {
  await makeFakeGo(folder, "echo no space left on device >&2; exit 3");
  await expect(find({ PATH: `${folder}:/usr/bin:/bin` })).rejects.toThrow("install Go");
  expect(said.at(-1)).toMatch(/not from the Go toolchain: go build: exit code 3: .*no space left on device/s);
});

/** A `go` that knows `go env GOVERSION`, and makes files with the names that the real one gives (etcd is called "server"). */
async function makeFakeGo(where: string, fate = ""): Promise<void> {
  const script = `#!/bin/sh
[ "$1" = env ] && echo go1.99.0 && exit
${fate}
while [ $# -gt 0 ]; do [ "$1" = -o ] && out=$2; shift; done
cd "$out" && touch server kube-apiserver kube-controller-manager kubectl && chmod +x server k*
`;
  await writeFile(join(where, "go"), script, { mode: 0o755 });
}
