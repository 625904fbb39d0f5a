/** When the parts of a control plane count as ready; who never gets ready is reported with the end of its log. */
import type { ApiRequest } from "./api-request.ts";
import type { KeptProcess } from "./kept-process.ts";
import { failWhenEnded, ProcessFailure, type RunningProcess, readLastLines } from "./process.ts";
import { waitUntil } from "./wait.ts";

/** Ready, and able to read from etcd. Fails at once when a process ends. */
export async function waitForApiServer(
  request: ApiRequest,
  etcd: RunningProcess,
  apiServer: RunningProcess,
): Promise<void> {
  const enough = new AbortController();
  const isReady = async () =>
    (await request("GET", "/readyz")).status === 200 &&
    (await request("GET", "/api/v1/namespaces/default")).status === 200;
  const ready = waitUntil("ready", isReady, { signal: enough.signal }).catch((error: unknown) =>
    failWith(apiServer, error),
  );
  try {
    await Promise.race([ready, failWhenEnded(etcd), failWhenEnded(apiServer)]);
  } finally {
    enough.abort();
  }
}

/** The controllers work when one of them has done its work. */
export async function waitForControllers(request: ApiRequest, controllerManager: KeptProcess): Promise<void> {
  const path = "/api/v1/namespaces/default/serviceaccounts/default";
  const isThere = async () => (await request("GET", path)).status === 200;
  await waitUntil("service account default/default made", isThere).catch((error: unknown) =>
    failWith(controllerManager.current(), error),
  );
}

async function failWith(process: RunningProcess, error: unknown): Promise<never> {
  const what = error instanceof Error ? error.message : String(error);
  throw new ProcessFailure(process, what, await readLastLines(process.logFile));
}
