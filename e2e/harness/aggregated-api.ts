/** An API that another server answers for: one namespaced kind, Flow, of which it can list and watch what it is given. */

import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type Cluster, waitUntil } from "./cluster.ts";

export const AGGREGATED_GROUP = "flows.test.example.com";
const VERSION = "v1";
const ROOT = `/apis/${AGGREGATED_GROUP}/${VERSION}`;

export interface AggregatedApi extends AsyncDisposable {
  /** The Flows there are from now on, each `namespace/name`. What watches is cut off, and lists again. */
  serve(flows: readonly string[]): Promise<void>;
  /** Answers no more: the API server says 503 for it. */
  stop(): Promise<void>;
}

/** Registers the API, which answers nothing until it serves. */
export async function registerAggregatedApi(cluster: Cluster): Promise<AggregatedApi> {
  const tls = await Promise.all(
    ["serving-key.pem", "serving.pem"].map((file) => readFile(join(cluster.plane.folder, file))),
  );
  const api = new FlowServer(cluster, { key: tls[0] ?? "", cert: tls[1] ?? "" });
  const port = await api.choosePort();
  await cluster.apply(
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "flows", namespace: "default" },
      spec: { type: "ExternalName", externalName: "localhost" },
    },
    {
      apiVersion: "apiregistration.k8s.io/v1",
      kind: "APIService",
      metadata: { name: `${VERSION}.${AGGREGATED_GROUP}` },
      spec: {
        ...{ group: AGGREGATED_GROUP, version: VERSION, groupPriorityMinimum: 100, versionPriority: 100 },
        insecureSkipTLSVerify: true,
        service: { name: "flows", namespace: "default", port },
      },
    },
  );
  return api;
}

class FlowServer implements AggregatedApi {
  readonly #cluster: Cluster;
  readonly #tls: { key: string | Buffer; cert: string | Buffer };
  #server: Server | undefined;
  #port = 0;
  #flows: readonly string[] = [];
  #resourceVersion = 100;

  constructor(cluster: Cluster, tls: { key: string | Buffer; cert: string | Buffer }) {
    this.#cluster = cluster;
    this.#tls = tls;
  }

  async choosePort(): Promise<number> {
    await this.#listen();
    await this.stop();
    return this.#port;
  }

  async serve(flows: readonly string[]): Promise<void> {
    this.#flows = flows;
    this.#resourceVersion++;
    await this.stop();
    await this.#listen();
    await this.#settled(200);
  }

  async stop(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #listen(): Promise<void> {
    const server = createServer(this.#tls, (request, response) => {
      const url = new URL(request.url ?? "", "https://localhost");
      const body = this.#answer(url);
      response.writeHead(body === undefined ? 404 : 200, { "content-type": "application/json" });
      if (url.searchParams.get("watch") === "true") response.flushHeaders();
      else response.end(JSON.stringify(body ?? {}));
    });
    await new Promise<void>((resolve) => server.listen(this.#port, "127.0.0.1", resolve));
    this.#port = (server.address() as AddressInfo).port; // a TCP server's
    this.#server = server;
  }

  #answer({ pathname }: URL): object | undefined {
    const resource = {
      name: "flows",
      singularName: "flow",
      namespaced: true,
      kind: "Flow",
      verbs: ["get", "list", "watch"],
    };
    if (pathname === ROOT)
      return {
        kind: "APIResourceList",
        apiVersion: "v1",
        groupVersion: `${AGGREGATED_GROUP}/${VERSION}`,
        resources: [resource],
      };
    if (pathname !== `${ROOT}/flows`) return undefined;
    const metadata = { resourceVersion: String(this.#resourceVersion) };
    return { kind: "FlowList", apiVersion: `${AGGREGATED_GROUP}/${VERSION}`, metadata, items: this.#flows.map(flow) };
  }

  async #settled(wanted: number): Promise<void> {
    await waitUntil(`the aggregated API answers with ${wanted}`, async () => {
      const { status } = await this.#cluster.plane.request("GET", `${ROOT}/flows`);
      return status === wanted;
    });
  }
}

function flow(place: string, i: number): object {
  const [namespace, name] = place.split("/");
  return { metadata: { namespace, name, uid: `flow-${place}`, resourceVersion: String(i + 1) } };
}
