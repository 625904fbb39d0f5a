/** What the paths hold that the API server is told to call: nobody else knows it, so nobody else gets an answer. */

import { digestOf } from "../object/index.ts";

/** The same for every replica and after a restart; undefined while the installation key is not known. */
export function pathSecret({ installationKey }: { installationKey(): Uint8Array | undefined }): string | undefined {
  const key = installationKey();
  return key === undefined ? undefined : digestOf(["webhook", Buffer.from(key).toString("hex")]);
}
