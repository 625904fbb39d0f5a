/** What the operator stores in its own namespace to know after a restart. */

import type { Cluster } from "./cluster.ts";
import { OPERATOR_NAMESPACE } from "./cluster.ts";
import { type Place, waitForObject } from "./objects.ts";

export const INVENTORY: Place = ["configmap", OPERATOR_NAMESPACE, "perennial-inventory"];

export async function inventoryData(cluster: Cluster): Promise<{ [key: string]: string }> {
  const map = await waitForObject(cluster, INVENTORY);
  return map.data as { [key: string]: string }; // of a ConfigMap
}

/** What becomes of the targets of each rule when the ClusterPolicy goes; undefined when nothing is stored about it. */
export async function storedRules(cluster: Cluster, policy: string): Promise<object | undefined> {
  const entry = (await inventoryData(cluster))[`policy.ClusterPolicy..${policy}`];
  return entry === undefined ? undefined : JSON.parse(entry).rules;
}
