/** The operator with a webhook that the API server reaches on this machine. */

import { findFreePort } from "../control-plane/index.ts";

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
