/** The audit log: what the operator asked of the API server, request by request. */

import { readFile } from "node:fs/promises";
import { type Cluster, OPERATOR_NAMESPACE, waitUntil } from "./cluster.ts";

export type Audited = {
  stage: string;
  verb: string;
  requestURI: string;
  user: { username: string };
  objectRef?: { resource?: string; namespace?: string; name?: string; subresource?: string };
  responseStatus?: { code?: number };
  requestReceivedTimestamp: string;
};

/** A moment in the audit log. */
export type AuditMark = { readonly after: string };

let marks = 0;

/** From here on. A request of ours that the log is sure to show says where here is. */
export async function markAudit(cluster: Cluster): Promise<AuditMark> {
  const mark = `/api/v1/namespaces/default/configmaps/audit-mark-${process.pid}-${marks++}`;
  await cluster.plane.request("GET", mark);
  await waitUntil("the audit log shows the mark", async () => (await readAudit(cluster)).some(isMark(mark)));
  return { after: mark };
}

/** Every request between two marks. */
export async function auditBetween(cluster: Cluster, from: AuditMark, to: AuditMark): Promise<Audited[]> {
  const events = await readAudit(cluster);
  return events.slice(events.findIndex(isMark(from.after)) + 1, events.findIndex(isMark(to.after)));
}

/** What the operator asked for since a mark, watches left out. */
export async function operatorRequests(cluster: Cluster, since: AuditMark): Promise<Audited[]> {
  const events = await auditBetween(cluster, since, await markAudit(cluster));
  return events.filter(
    ({ user, verb }) => user.username === `system:serviceaccount:${OPERATOR_NAMESPACE}:perennial` && verb !== "watch",
  );
}

/** `patch configmaps shop/settings 201`, for comparing and for reading. */
export function printRequest({ verb, objectRef = {}, responseStatus }: Audited): string {
  const { resource, namespace, name, subresource } = objectRef;
  const what = subresource === undefined ? resource : `${resource}/${subresource}`;
  return `${verb} ${what} ${[namespace, name].filter((part) => part !== undefined).join("/")} ${responseStatus?.code}`;
}

export function isLeaseRenewal({ verb, objectRef }: Audited): boolean {
  return verb === "update" && objectRef?.resource === "leases";
}

async function readAudit(cluster: Cluster): Promise<Audited[]> {
  const text = await readFile(cluster.plane.auditLog, "utf8");
  const whole = text.slice(0, text.lastIndexOf("\n") + 1); // the last line may still be being written
  return whole
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
}

function isMark(path: string): (event: Audited) => boolean {
  return ({ requestURI }) => requestURI === path;
}
