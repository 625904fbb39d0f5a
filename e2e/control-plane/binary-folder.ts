/** A folder with the commands of a control plane, and what it may lack. */
import { access, constants, stat } from "node:fs/promises";
import { delimiter, isAbsolute, join } from "node:path";

/** The commands of a control plane: their names are those of the files. */
export const binaryNames = ["etcd", "kube-apiserver", "kube-controller-manager", "kubectl"] as const;

export type BinaryName = (typeof binaryNames)[number];

/** Their paths. */
export type Binaries = Readonly<Record<BinaryName, string>>;

export type Look = { readonly found: Binaries } | { readonly lacks: readonly BinaryName[] };

/** Only kubectl may come from `searchPath` (as in $PATH): it need not be of the same version as the others. */
export async function lookIntoFolder(folder: string, searchPath = ""): Promise<Look> {
  const inFolder = async (name: BinaryName) =>
    (await isExecutable(join(folder, name))) ? join(folder, name) : undefined;
  const [etcd, apiServer, controllerManager, kubectl] = await Promise.all([
    inFolder("etcd"),
    inFolder("kube-apiserver"),
    inFolder("kube-controller-manager"),
    inFolder("kubectl").then((path) => path ?? findInPath("kubectl", searchPath)),
  ]);
  if (etcd && apiServer && controllerManager && kubectl) {
    return { found: { etcd, "kube-apiserver": apiServer, "kube-controller-manager": controllerManager, kubectl } };
  }
  const paths: Record<BinaryName, string | undefined> = {
    etcd,
    "kube-apiserver": apiServer,
    "kube-controller-manager": controllerManager,
    kubectl,
  };
  return { lacks: binaryNames.filter((name) => paths[name] === undefined) };
}

async function findInPath(name: string, searchPath: string): Promise<string | undefined> {
  for (const folder of searchPath.split(delimiter).filter(isAbsolute)) {
    if (await isExecutable(join(folder, name))) return join(folder, name);
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
