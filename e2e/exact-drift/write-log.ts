/** What the operator asked of the API server about each object, from the audit log. */

import { type Audited, type AuditMark, type Cluster, operatorRequests } from "../harness/index.ts";
import type { Place } from "./hands.ts";

const CHANGING = new Set(["create", "patch", "update", "delete"]);

/** A moment in milliseconds since 1970, by the one clock that this process and the API server have. */
export type Moment = number;

export interface WriteLog {
  /** Requests to change the object, from a moment on, dry runs left out. */
  to(place: Place, since: Moment): Audited[];
  /** Dry runs about objects of that kind in that namespace. */
  dryRuns(place: Place, since: Moment): Audited[];
}

export async function readWriteLog(cluster: Cluster, mark: AuditMark): Promise<WriteLog> {
  const events = (await operatorRequests(cluster, mark)).filter(
    ({ verb, objectRef }) => CHANGING.has(verb) && objectRef?.subresource === undefined,
  );
  const byPlace = Map.groupBy(events, ({ objectRef }) => `${objectRef?.resource} ${namespaceOf(objectRef)}`);
  const at = ({ kind, namespace }: Place, since: Moment): Audited[] =>
    (byPlace.get(`${kind.plural} ${namespace}`) ?? []).filter(
      ({ requestReceivedTimestamp }) => Date.parse(requestReceivedTimestamp) >= since,
    );
  return {
    to: (place, since) => at(place, since).filter((event) => !isDryRun(event) && event.objectRef?.name === place.name),
    dryRuns: (place, since) => at(place, since).filter(isDryRun),
  };
}

/** The server took it. A 409 is the answer to a precondition that did not hold: nothing was written. */
export function isWrite({ responseStatus }: Audited): boolean {
  const code = responseStatus?.code ?? 0;
  return code >= 200 && code < 300;
}

/** It was meant to write. */
export function isAttempt(event: Audited): boolean {
  return event.responseStatus?.code !== 409;
}

/** The log says that a Namespace lies in itself. */
function namespaceOf(objectRef: Audited["objectRef"]): string {
  return objectRef?.resource === "namespaces" ? "" : (objectRef?.namespace ?? "");
}

function isDryRun({ requestURI }: Audited): boolean {
  return requestURI.includes("dryRun=");
}
