/** The operator's way to its API server through a proxy that makes faults. */

import { readFile, writeFile } from "node:fs/promises";
import { type FaultProxy, startFaultProxy } from "../fault-proxy/index.ts";
import type { Cluster } from "./cluster.ts";

export interface ProxiedAccess {
  readonly proxy: FaultProxy;
  /** The kubeconfig of the operator's service account, with the proxy as its server. */
  readonly kubeconfig: string;
}

/** The proxy is the caller's to stop. */
export async function startProxy(cluster: Cluster): Promise<ProxiedAccess> {
  const { plane, operatorKubeconfig } = cluster;
  const proxy = await startFaultProxy({ ...plane, upstream: plane.url });
  const kubeconfig = `${operatorKubeconfig}.proxied`;
  const direct = await readFile(operatorKubeconfig, "utf8");
  await writeFile(kubeconfig, direct.replaceAll(plane.url, proxy.url), { mode: 0o600 });
  return { proxy, kubeconfig };
}
