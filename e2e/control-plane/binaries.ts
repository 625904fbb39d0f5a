/** temp */
import { homedir } from "node:os";
import { join } from "node:path";
export interface Binaries { readonly etcd: string; readonly "kube-apiserver": string; readonly "kube-controller-manager": string; readonly kubectl: string }
export async function findBinaries(_: { say: (line: string) => void; env: NodeJS.ProcessEnv }): Promise<Binaries> {
  const d = join(homedir(), ".cache/perennial/control-plane/v1.36.3-linux-x64");
  return { etcd: join(d, "etcd"), "kube-apiserver": join(d, "kube-apiserver"), "kube-controller-manager": join(d, "kube-controller-manager"), kubectl: join(d, "kubectl") };
}
