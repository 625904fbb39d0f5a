/** The Lease before a real HTTP server, which answers when the test says so. */

import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type ClusterClient, connectCluster } from "../cluster/index.ts";
import { createLog } from "../telemetry/index.ts";
import { createLease, type Lease } from "./lease.ts";

/** A renewal may take this long before the Lease counts as lost. */
const TIMES = { duration: 10_000, renewDeadline: 400, retry: 50 };

describe("the Lease", () => {
  const changes: boolean[] = [];
  /** Requests that are not answered yet. */
  const held: (() => void)[] = [];
  let answersAtOnce = true;
  let version = 1;
  const server = createServer((request, response) => {
    request.resume();
    const answer = (): void => answerWith(response, request.method === "GET" && version === 1 ? 404 : 200);
    if (answersAtOnce) answer();
    else held.push(answer);
  });
  let client: ClusterClient;
  let lease: Lease;
  const stop = new AbortController();

  function answerWith(response: ServerResponse, status: number): void {
    version += 1;
    const metadata = { name: "perennial", uid: "1", resourceVersion: `${version}` };
    const body = status === 200 ? { metadata, spec: { holderIdentity: "us" } } : { kind: "Status" };
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  }

  beforeEach(async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo; // a TCP server's
    const authorization = async () => undefined;
    client = connectCluster({ server: `http://127.0.0.1:${port}`, tls: {}, authorization, forget: () => {} });
    lease = createLease(client, {
      ...{ namespace: "perennial-system", identity: "us", times: TIMES, log: createLog("fatal") },
      seenUntil: () => undefined,
      onChange: (isHeld) => changes.push(isHeld),
      onWentBack: () => {},
    });
  });

  afterEach(async () => {
    stop.abort();
    await client.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  it("tells that it was lost when its renewal is answered too late, although it is its own again", async () => {
    const kept = lease.keep(stop.signal);
    await vi.waitFor(() => expect(changes).toEqual([true]));
    answersAtOnce = false;
    await vi.waitFor(() => expect(held).toHaveLength(1));
    await vi.waitFor(() => expect(lease.held).toBe(false)); // nothing is written now
    answersAtOnce = true;
    for (const answer of held) answer();
    await vi.waitFor(() => expect(changes).toEqual([true, false, true]));
    expect(lease.held).toBe(true);
    stop.abort();
    await kept;
  });
});
