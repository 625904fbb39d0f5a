/** The official release binaries of Kubernetes and etcd, checked against the published SHA-256 sums. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { chmod, rm } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import type { Versions } from "./versions.ts";

/** Where releases are published, without a slash at the end. */
export interface ReleaseSites {
  readonly kubernetes: string;
  readonly etcd: string;
}

export const officialSites: ReleaseSites = {
  kubernetes: "https://dl.k8s.io/release",
  etcd: "https://github.com/etcd-io/etcd/releases/download",
};

export interface Machine {
  readonly platform: NodeJS.Platform;
  readonly arch: string;
}

/** Checksums come first, since they are small: who is offline learns it after this many milliseconds at the latest. */
const patienceForSums = 2_500;
const patienceForFiles = 15 * 60_000;

/** Fills `folder`. Rejects with the reason when there are none for this machine, at once offline, and on a wrong sum. */
export async function downloadReleases(
  folder: string,
  { kubernetes, etcd }: Versions,
  { platform, arch }: Machine,
  sites: ReleaseSites = officialSites,
): Promise<void> {
  const releaseArch = releaseArchs[arch];
  if (platform !== "linux" || releaseArch === undefined) {
    throw new Error(`kube-apiserver is released for Linux on amd64 and arm64 only, not for ${platform} on ${arch}`);
  }
  const kube = (name: string): Download => {
    const url = `${sites.kubernetes}/${kubernetes}/bin/linux/${releaseArch}/${name}`;
    return { url, sumUrl: `${url}.sha256`, path: join(folder, name) };
  };
  const etcdName = `etcd-${etcd}-linux-${releaseArch}`;
  const archive: Download = {
    url: `${sites.etcd}/${etcd}/${etcdName}.tar.gz`,
    sumUrl: `${sites.etcd}/${etcd}/SHA256SUMS`,
    path: join(folder, "etcd.tar.gz"),
  };
  const commands = ["kube-apiserver", "kube-controller-manager", "kubectl"].map(kube);
  await downloadAll([...commands, archive]);
  await promisify(execFile)("tar", ["-xzf", archive.path, "-C", folder, "--strip-components=1", `${etcdName}/etcd`]);
  await rm(archive.path);
  await Promise.all([...commands.map(({ path }) => path), join(folder, "etcd")].map((path) => chmod(path, 0o755)));
}

const releaseArchs: Readonly<Record<string, string>> = { x64: "amd64", arm64: "arm64" };

interface Download {
  readonly url: string;
  /** A file with nothing but the sum, or with lines of a sum and a file name. */
  readonly sumUrl: string;
  readonly path: string;
}

async function downloadAll(downloads: readonly Download[]): Promise<void> {
  const sums = await Promise.all(downloads.map(fetchSum));
  // One that fails ends the others, too.
  const enough = new AbortController();
  const files = downloads.map((download, index) => downloadFile(download, sums[index] ?? "", enough.signal));
  try {
    await Promise.all(files);
  } catch (error) {
    enough.abort(error);
    await Promise.allSettled(files);
    throw error;
  }
}

async function fetchSum({ url, sumUrl }: Download): Promise<string> {
  const response = await get(sumUrl, AbortSignal.timeout(patienceForSums));
  const fileName = url.slice(url.lastIndexOf("/") + 1);
  const lines = (await response.text()).split("\n").map((line) => line.trim().split(/\s+\*?/));
  const sum = lines.find(([, name]) => name === undefined || name === fileName)?.[0]?.toLowerCase();
  if (sum === undefined || !/^[0-9a-f]{64}$/.test(sum)) throw new Error(`${sumUrl} has no SHA-256 sum of ${fileName}`);
  return sum;
}

async function downloadFile({ url, path }: Download, sum: string, signal: AbortSignal): Promise<void> {
  const response = await get(url, AbortSignal.any([signal, AbortSignal.timeout(patienceForFiles)]));
  const hash = createHash("sha256");
  const hashed = async function* (chunks: AsyncIterable<Uint8Array>) {
    for await (const chunk of chunks) {
      hash.update(chunk);
      yield chunk;
    }
  };
  if (response.body === null) throw new Error(`${url}: empty answer`);
  await pipeline(Readable.fromWeb(response.body), hashed, createWriteStream(path));
  const actual = hash.digest("hex");
  if (actual !== sum) throw new Error(`${url} has the SHA-256 sum ${actual}, but ${sum} is published: not used`);
}

async function get(url: string, signal: AbortSignal): Promise<Response> {
  const response = await fetch(url, { signal }).catch((error: unknown) => {
    throw new Error(`${url}: ${describeCause(error)}`, { cause: error });
  });
  if (!response.ok) throw new Error(`${url}: ${response.status} ${response.statusText}`);
  return response;
}

/** fetch says "fetch failed"; what failed is the cause. */
function describeCause(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
