/** Where the commands of the control plane come from: a named folder, the cache, the official releases, the Go toolchain. */
import { chmod, mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { type Binaries, lookIntoFolder } from "./binary-folder.ts";
import { type DeathPact, makeDeathPact } from "./death-pact.ts";
import { withLock } from "./folder-lock.ts";
import { buildWithGo } from "./go-binaries.ts";
import { downloadReleases, type ReleaseSites } from "./release-binaries.ts";
import { readVersions, type Versions } from "./versions.ts";

export interface BinariesOptions {
  /** Gets one line about each step. */
  readonly say: (line: string) => void;
  readonly env: NodeJS.ProcessEnv;
  /** Default: the official ones. */
  readonly sites?: ReleaseSites;
}

/** Takes the first source that has them all; what had to be fetched or built is in the cache next time. */
export async function findBinaries(options: BinariesOptions): Promise<Binaries> {
  const named = await findNamed(options);
  if (named !== undefined) return named;
  const versions = await readVersions();
  const cache = cacheFolder(options.env, versions);
  const cached = await findCached(cache, options);
  if (cached !== undefined) return cached;
  options.say(`control plane: none in the cache ${cache}`);
  await mkdir(dirname(cache), { recursive: true });
  const lock = `${cache}.lock`;
  const onWait = () => options.say(`control plane: waiting for another process that fetches or builds (${lock})`);
  // Whoever had to wait finds in the cache what the other has made.
  return await withLock(
    lock,
    onWait,
    async () => (await findCached(cache, options)) ?? fillCache(cache, versions, options),
  );
}

/** Throws when our own variable names a folder that will not do; that of kubebuilder often lacks the controllers. */
async function findNamed({ say, env }: BinariesOptions): Promise<Binaries | undefined> {
  for (const variable of ["PERENNIAL_CONTROL_PLANE", "KUBEBUILDER_ASSETS"]) {
    const folder = env[variable];
    if (folder === undefined || folder === "") continue;
    const look = await lookIntoFolder(folder, env.PATH);
    if ("found" in look) {
      say(`control plane: binaries of ${variable}=${folder}`);
      return look.found;
    }
    const problem = `${variable}=${folder} lacks ${look.lacks.join(", ")}`;
    if (variable === "PERENNIAL_CONTROL_PLANE") throw new Error(`${problem}. Put them there, or unset the variable.`);
    say(`control plane: ${problem}: not used`);
  }
  return undefined;
}

/** A folder per version and kind of machine, since a home folder may be shared. */
function cacheFolder(env: NodeJS.ProcessEnv, { kubernetes }: Versions): string {
  const caches = env.XDG_CACHE_HOME || join(env.HOME || homedir(), ".cache");
  const ours = env.PERENNIAL_CACHE || join(caches, "perennial");
  return join(ours, "control-plane", `${kubernetes}-${process.platform}-${process.arch}`);
}

async function findCached(cache: string, { say }: BinariesOptions): Promise<Binaries | undefined> {
  const look = await lookIntoFolder(cache);
  if (!("found" in look)) return undefined;
  say(`control plane: binaries of the cache ${cache}`);
  return look.found;
}

/** A way to get the binaries: fills an empty folder, or rejects with the reason. */
interface Source {
  readonly name: string;
  readonly fill: (folder: string, pact: DeathPact) => Promise<void>;
}

async function fillCache(cache: string, versions: Versions, options: BinariesOptions): Promise<Binaries> {
  const { say, env, sites } = options;
  const sources: Source[] = [
    {
      name: "the official releases",
      fill: (folder) => downloadReleases(folder, versions, process, sites),
    },
    {
      name: "the Go toolchain",
      fill: (folder, pact) => buildWithGo({ folder, versions, env, say, pact }),
    },
  ];
  for (const source of sources) {
    say(`control plane: trying ${source.name}`);
    try {
      await fillInOneStep(cache, source);
      const made = await findCached(cache, options);
      if (made !== undefined) return made;
      throw new Error(`${cache} is not complete afterwards`);
    } catch (error) {
      say(`control plane: not from ${source.name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  throw new Error(whatToInstall(versions));
}

/** Nobody ever sees a folder that is half full, and nothing of a failure remains. */
async function fillInOneStep(cache: string, { fill }: Source): Promise<void> {
  const folder = await mkdtemp(`${cache}.`);
  const pact = makeDeathPact(folder);
  try {
    await fill(folder, pact);
    // A temporary folder is its owner's alone; a cache may be for all.
    await chmod(folder, 0o755);
    await rm(cache, { recursive: true, force: true });
    await rename(folder, cache);
  } finally {
    await rm(folder, { recursive: true, force: true });
    await pact.release();
  }
}

function whatToInstall({ kubernetes, etcd, go }: Versions): string {
  return [
    "no binaries for the control plane (the lines above say what was tried). Do one of these, and run it again:",
    `  - install Go ${go} or newer (https://go.dev/dl) and have it in PATH; its modules must be reachable`,
    "  - go online where dl.k8s.io and github.com can be reached (Linux only)",
    "  - put etcd, kube-apiserver, kube-controller-manager and kubectl into a folder, and name it in",
    `    PERENNIAL_CONTROL_PLANE; ${kubernetes} and etcd ${etcd} are what the tests expect`,
  ].join("\n");
}
