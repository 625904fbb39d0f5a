/** What the paths hold that the API server is told to call: nobody else knows it, so nobody else gets an answer. */

import { digestOf } from "../object/index.ts";

/** The same for every replica and after a restart; undefined while the installation key is not known. */
export function pathSecret({ installationKey }: { installationKey(): Uint8Array | undefined }): string | undefined {
  const key = installationKey();
  if (key === undefined) return undefined;
  const known = secrets.get(key) ?? digestOf(["webhook", Buffer.from(key).toString("hex")]);
  secrets.set(key, known);
  return known;
}

/** Asked for with each request. */
const secrets = new WeakMap<Uint8Array, string>();
