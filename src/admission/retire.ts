/** Webhook configurations of an earlier process of this installation go, when this one is not to be called. */

import { type ClusterClient, guardWrites, printFailure } from "../cluster/index.ts";
import { KEY_SECRET, objectPath } from "../object/index.ts";
import type { Log } from "../telemetry/index.ts";
import { CERTIFICATE_FIELDS } from "./certificate-secret.ts";
import type { OperatorView } from "./operator-view.ts";
import { MUTATING, SECRETS, VALIDATING } from "./resources.ts";
import { SECRET_MANAGER } from "./tender.ts";

export type RetireOptions = {
  client: ClusterClient;
  namespace: string;
  installation: string;
  view: OperatorView;
  log: Log;
};

const LOOK_EVERY = 1_000;

/** Once this process leads: what the Secret says was kept is taken away. Where nothing was, nothing is asked or sent. */
export function retireAdmission(options: RetireOptions): void {
  const { view, log } = options;
  const timer = setInterval(() => {
    if (!view.mayKeep()) return;
    clearInterval(timer);
    if (!view.keptFields().includes(CERTIFICATE_FIELDS.trusted)) return;
    removeAll(options).catch((error) => log.error({ err: error }, "the webhook could not be taken away"));
  }, LOOK_EVERY).unref();
}

/** The certificates last: while they are there, another start tries again. */
async function removeAll({ client, namespace, installation, view, log }: RetireOptions): Promise<void> {
  const guarded = guardWrites(client, () => view.leads());
  for (const resource of [MUTATING, VALIDATING]) {
    const ref = { group: resource.group, kind: resource.kind, namespace: "", name: installation };
    const removed = await guarded.send({ method: "DELETE", path: objectPath(resource, ref) });
    if (removed.ok || removed.failure.status === 404) continue;
    const reason = printFailure(removed.failure);
    log.warn({ reason }, `cannot delete the ${resource.kind}, although nobody answers it any more`);
    return;
  }
  await guarded.send({
    method: "PATCH",
    path: objectPath(SECRETS, { group: "", kind: "Secret", namespace, name: KEY_SECRET }),
    query: { fieldManager: SECRET_MANAGER, force: "true" },
    contentType: "application/apply-patch+yaml",
    body: { apiVersion: "v1", kind: "Secret", metadata: { name: KEY_SECRET } },
  });
  log.info("the webhook configuration of an earlier start is taken away, as --webhook-address is not given");
}
