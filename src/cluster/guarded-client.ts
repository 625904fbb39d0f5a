/** A client whose writes go out only while their sender may write: not when they waited for a connection until it may not. */

import type { ClusterClient } from "./client.ts";

export function guardWrites(client: ClusterClient, maySend: () => boolean): ClusterClient {
  return {
    send: (request) => client.send(request.method === "GET" ? request : { ...request, maySend }),
    stream: (request, signal) => client.stream(request, signal),
    close: () => client.close(),
  };
}
