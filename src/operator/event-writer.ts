/** Kubernetes Events in the operator's own namespace, about its Lease: for what concerns no single policy. */

import { type ClusterClient, printFailure, sendForObject } from "../cluster/index.ts";
import type { Log } from "../telemetry/index.ts";
import { LEASE_NAME } from "./lease.ts";

export type EventTold = { type: "Normal" | "Warning"; reason: string; message: string };

/** Never rejects: an Event that cannot be written is logged. */
export async function writeEvent(
  { client, namespace, identity, log }: { client: ClusterClient; namespace: string; identity: string; log: Log },
  { type, reason, message }: EventTold,
): Promise<void> {
  const now = new Date().toISOString();
  const answer = await sendForObject(client, {
    method: "POST",
    path: `/api/v1/namespaces/${namespace}/events`,
    body: {
      ...{ apiVersion: "v1", kind: "Event", type, reason, message },
      metadata: { generateName: "perennial-", namespace },
      involvedObject: { apiVersion: "coordination.k8s.io/v1", kind: "Lease", namespace, name: LEASE_NAME },
      ...{ firstTimestamp: now, lastTimestamp: now, count: 1 },
      source: { component: "perennial", host: identity },
    },
  });
  if (!answer.ok) log.warn({ reason: printFailure(answer.failure) }, "an Event could not be written");
}
