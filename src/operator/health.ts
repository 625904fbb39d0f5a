/** `/healthz`, `/readyz` and `/metrics` over plain HTTP, for kubelet and Prometheus. */

import { createServer } from "node:http";
import { listen } from "../listen/index.ts";
import type { Metrics } from "../telemetry/index.ts";

export type HealthOptions = {
  /** `:8080`, `127.0.0.1:8080` or `:0` for a free port. */
  address: string;
  metrics: Metrics;
  /** Why the process cannot do its work; undefined when it can. */
  whyNotReady(): string | undefined;
};

export type HealthServer = { address: string; close(): Promise<void> };

/** Rejects when the address cannot be listened on. */
export async function startHealthServer(options: HealthOptions): Promise<HealthServer> {
  const server = createServer((request, response) => {
    answer(request.url ?? "", options).then(
      ({ status, type, body }) => response.writeHead(status, { "content-type": type }).end(body),
      (error) => response.writeHead(500).end(String(error)),
    );
  });
  server.requestTimeout = 10_000;
  server.maxHeadersCount = 100;
  const address = await listen(server, options.address);
  return {
    address,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

type Page = { status: number; type: string; body: string };

async function answer(url: string, { metrics, whyNotReady }: HealthOptions): Promise<Page> {
  const path = url.split("?")[0];
  if (path === "/healthz") return text(200, "ok\n");
  if (path === "/metrics")
    return { status: 200, type: metrics.registry.contentType, body: await metrics.registry.metrics() };
  if (path !== "/readyz") return text(404, "not found: try /healthz, /readyz or /metrics\n");
  const reason = whyNotReady();
  return reason === undefined ? text(200, "ok\n") : text(503, `${reason}\n`);
}

function text(status: number, body: string): Page {
  return { status, type: "text/plain; charset=utf-8", body };
}
