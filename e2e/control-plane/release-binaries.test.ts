import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { downloadReleases } from "./release-binaries.ts";

const versions = { kubernetes: "v1.36.3", etcd: "v3.7.3", go: "1.26.0" };
const machine = { platform: "linux", arch: "x64" } as const;

let folder: string;
let target: string;
let server: Server;
let site: string;
/** What is published, by path. */
const published = new Map<string, Buffer | string>();

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "perennial-releases-"));
  target = join(folder, "target");
  await mkdir(target);
  await publish();
  server = createServer((request, response) => {
    const file = published.get(request.url ?? "");
    response.writeHead(file === undefined ? 404 : 200).end(file);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  site = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
});
afterEach(async () => {
  server.close();
  published.clear();
  await rm(folder, { recursive: true, force: true });
});

const download = () => downloadReleases(target, versions, machine, { kubernetes: site, etcd: site });
const sum = (content: Buffer | string) => createHash("sha256").update(content).digest("hex");

/** As the projects publish: a sum beside each command of Kubernetes, a list of sums for the archives of etcd. */
async function publish(): Promise<void> {
  for (const name of ["kube-apiserver", "kube-controller-manager", "kubectl"]) {
    const path = `/v1.36.3/bin/linux/amd64/${name}`;
    published.set(path, `this is ${name}`).set(`${path}.sha256`, sum(`this is ${name}`));
  }
  const name = "etcd-v3.7.3-linux-amd64";
  await mkdir(join(folder, name));
  await writeFile(join(folder, name, "etcd"), "this is etcd");
  await writeFile(join(folder, name, "README.md"), "not needed");
  execFileSync("tar", ["-czf", `${name}.tar.gz`, name], { cwd: folder });
  const archive = await readFile(join(folder, `${name}.tar.gz`));
  const sums = `${"0".repeat(64)}  etcd-v3.7.3-linux-arm64.tar.gz\n${sum(archive)}  ${name}.tar.gz\n`;
  published.set(`/v3.7.3/${name}.tar.gz`, archive).set("/v3.7.3/SHA256SUMS", sums);
}

it("puts the four commands into the folder, executable, and nothing else", async () => {
  await download();
  expect((await readdir(target)).sort()).toEqual(["etcd", "kube-apiserver", "kube-controller-manager", "kubectl"]);
  expect(await readFile(join(target, "etcd"), "utf8")).toBe("this is etcd");
  expect(await readFile(join(target, "kubectl"), "utf8")).toBe("this is kubectl");
  expect((await stat(join(target, "etcd"))).mode & 0o777).toBe(0o755);
  expect((await stat(join(target, "kube-apiserver"))).mode & 0o777).toBe(0o755);
});

it.each(["/v1.36.3/bin/linux/amd64/kube-apiserver", "/v3.7.3/etcd-v3.7.3-linux-amd64.tar.gz"])(
  "refuses %s when it is not what the published sum says",
  async (path) => {
    published.set(path, "something else");
    await expect(download()).rejects.toThrow(new RegExp(`${path} has the SHA-256 sum .* is published: not used`));
  },
);

it.each([
  ["/v1.36.3/bin/linux/amd64/kubectl.sha256", "not a sum"],
  ["/v3.7.3/SHA256SUMS", `${"0".repeat(64)}  another.tar.gz`],
])("refuses to go without a sum: %s", async (path, content) => {
  published.set(path, content);
  await expect(download()).rejects.toThrow(`${path} has no SHA-256 sum of`);
});

it("says which address does not exist", async () => {
  published.delete("/v1.36.3/bin/linux/amd64/kubectl");
  await expect(download()).rejects.toThrow(`${site}/v1.36.3/bin/linux/amd64/kubectl: 404`);
});

it.each([
  ["darwin", "arm64"],
  ["linux", "riscv64"],
] as const)("says that there is no release for %s on %s", async (platform, arch) => {
  const attempt = downloadReleases(target, versions, { platform, arch });
  await expect(attempt).rejects.toThrow(`not for ${platform} on ${arch}`);
});
