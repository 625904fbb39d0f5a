/** A folder with the commands of a control plane, and what it may lack. */
import { access, constants, stat } from "node:fs/promises";
import { delimiter, isAbsolute, resolve } from "node:path";

/** The commands of a control plane: their names are those of the files. */
export const binaryNames = ["etcd", "kube-apiserver", "kube-controller-manager", "kubectl"] as const;

export type BinaryName = (typeof binaryNames)[number];

/** Their paths. */
export type Binaries = Readonly<Record<BinaryName, string>>;

export type Look = { readonly found: Binaries } | { readonly lacks: readonly BinaryName[] };

/** Only kubectl may come from `searchPath` (as in $PATH): it need not be of the same version as the others. */
export async function lookIntoFolder(folder: string, searchPath = ""): Promise<Look> {
  const found: Partial<Record<BinaryName, string>> = {};
  for (const name of binaryNames) {
    const path = (await findIn(folder, name)) ?? (name === "kubectl" ? await findInPath(name, searchPath) : undefined);
    if (path !== undefined) found[name] = path;
  }
  return hasAll(found) ? { found } : { lacks: binaryNames.filter((name) => !(name in found)) };
}

function hasAll(found: Partial<Binaries>): found is Binaries {
  return binaryNames.every((name) => name in found);
}

async function findIn(folder: string, name: string): Promise<string | undefined> {
  const path = resolve(folder, name);
  return (await isExecutable(path)) ? path : undefined;
}

async function findInPath(name: string, searchPath: string): Promise<string | undefined> {
  for (const folder of searchPath.split(delimiter).filter(isAbsolute)) {
    const path = await findIn(folder, name);
    if (path !== undefined) return path;
  }
  return undefined;
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
