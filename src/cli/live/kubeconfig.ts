/** Which cluster is meant, as kubectl finds it: a flag, KUBECONFIG, ~/.kube/config, or the Pod that this runs in. */

import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { type ClusterClient, connectCluster, loadCredentials } from "../../cluster/index.ts";
import { InputError } from "../input-error.ts";

export type Reach = { kubeconfig?: string; context?: string };

/** The client acts as whoever the kubeconfig names. Throws InputError. */
export async function reachCluster({ kubeconfig, context }: Reach): Promise<ClusterClient> {
  try {
    const file = kubeconfig ?? kubeconfigOf(process.env, homedir());
    return connectCluster(await loadCredentials(file, context === undefined ? {} : { context }));
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError([`cannot tell how to reach the cluster: ${error instanceof Error ? error.message : error}`]);
  }
}

/** Undefined: the service account of the Pod. Throws InputError. */
export function kubeconfigOf(env: { [name: string]: string | undefined }, home: string): string | undefined {
  const named = (env.KUBECONFIG ?? "").split(delimiter).filter((path) => path !== "");
  if (named.length > 1) throw new InputError([`KUBECONFIG names ${named.length} files: name one with --kubeconfig`]);
  if (named[0] !== undefined) return named[0];
  const usual = join(home, ".kube/config");
  return existsSync(usual) ? usual : undefined;
}
