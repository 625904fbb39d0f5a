/** The operator with a webhook that the API server reaches on this machine. */

import { type ApiAnswer, findFreePort } from "../control-plane/index.ts";
import type { Cluster } from "./cluster.ts";
import { clusterPolicy, configMap, namespacesLabelled } from "./policy.ts";

/** The name of the webhook configurations of the operator's usual installation. */
export const CONFIGURATION = "perennial-system";

export async function webhookFlags(): Promise<string[]> {
  const address = `127.0.0.1:${await findFreePort()}`;
  return [`--webhook-address=${address}`, `--webhook-url=https://${address}`];
}

/** Where an operator with these flags listens. */
export function webhookAddress(flags: readonly string[]): { host: string; port: number } {
  const [, host = "", port] = /^--webhook-address=(.+):(\d+)$/m.exec(flags.join("\n")) ?? [];
  return { host, port: Number(port) };
}

/** Refused by the webhook alone, with a 422: where it cannot be called, failurePolicy Fail refuses it with a 500. */
export const REFUSED = clusterPolicy("bad", {
  name: "settings",
  match: namespacesLabelled("checked"),
  generate: configMap("settings", { of: "{{ nothing.there }}" }),
});

export function writeRefused({ plane }: Cluster): Promise<ApiAnswer> {
  return plane.request("POST", "/apis/perennial.dev/v1/clusterpolicies?dryRun=All", REFUSED);
}
