/** Which versions the control plane has: those of our go.mod, wherever the binaries come from. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";

export interface Versions {
  /** As in a tag: v1.36.3. */
  readonly kubernetes: string;
  readonly etcd: string;
  /** The oldest Go that builds them: 1.26.0. */
  readonly go: string;
}

/** The folder of our go.mod. */
export const goModuleFolder = join(import.meta.dirname, "binaries");

export async function readVersions(): Promise<Versions> {
  const text = await readFile(join(goModuleFolder, "go.mod"), "utf8");
  const find = (pattern: RegExp) => {
    const version = pattern.exec(text)?.[1];
    if (version === undefined) throw new Error(`${join(goModuleFolder, "go.mod")}: no line like ${pattern}`);
    return version;
  };
  return {
    kubernetes: find(/^\s*k8s\.io\/kubernetes (v\S+)/m),
    etcd: find(/^\s*go\.etcd\.io\/etcd\/server\/v3 (v\S+)/m),
    go: find(/^go (\S+)/m),
  };
}
