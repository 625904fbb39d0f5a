/** The writer of statuses before a real HTTP server, which answers when the test says so. */

import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type ClusterClient, connectCluster } from "../cluster/index.ts";
import { keyOf, type Resource } from "../object/index.ts";
import type { PolicyStatus } from "../policy/index.ts";
import { createStatusWriter, type StatusWriter } from "./status-writer.ts";

const RESOURCE: Resource = {
  group: "perennial.dev",
  version: "v1",
  kind: "ClusterPolicy",
  plural: "clusterpolicies",
  namespaced: false,
  verbs: ["patch"],
};
const REF = { group: "perennial.dev", kind: "ClusterPolicy", namespace: "", name: "baseline" };
const KEY = keyOf(REF);

const READY: PolicyStatus = { observedGeneration: 1, mode: "Correct" };
const PLANNING: PolicyStatus = { observedGeneration: 1 };

/** A writer whose writes wait for their answers. */
class Scene {
  status: PolicyStatus = READY;
  /** What was written, in its order. */
  readonly written: PolicyStatus[] = [];
  readonly #waiting: ServerResponse[] = [];
  readonly #server = createServer((request, response) => {
    let text = "";
    request.on("data", (chunk) => (text += String(chunk)));
    request.on("end", () => {
      this.written.push(JSON.parse(text).status);
      this.#waiting.push(response);
    });
  });
  writer!: StatusWriter; // set by open
  #client!: ClusterClient; // set by open

  static async open(): Promise<Scene> {
    const scene = new Scene();
    await new Promise<void>((resolve) => scene.#server.listen(0, "127.0.0.1", resolve));
    const { port } = scene.#server.address() as AddressInfo; // a TCP server's
    scene.#client = connectCluster({
      server: `http://127.0.0.1:${port}`,
      tls: {},
      authorization: async () => undefined,
      forget: () => {},
    });
    scene.writer = createStatusWriter(scene.#client, {
      current: () => ({ ref: REF, resource: RESOURCE, status: scene.status }),
      mayWrite: () => true,
      onFailure: () => {},
    });
    return scene;
  }

  /** Answers the oldest write that waits for it. */
  answer(): void {
    const metadata = { name: REF.name, uid: "1" };
    const body = JSON.stringify({ kind: "ClusterPolicy", apiVersion: "perennial.dev/v1", metadata });
    this.#waiting.shift()?.writeHead(200, { "content-type": "application/json" }).end(body);
  }

  async close(): Promise<void> {
    await this.#client.close();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

describe("a status", () => {
  const scenes: Scene[] = [];

  async function open(): Promise<Scene> {
    const scene = await Scene.open();
    scenes.push(scene);
    return scene;
  }

  afterEach(async () => {
    for (const scene of scenes.splice(0)) await scene.close();
  });

  it("that turned back while another one was being written is written after it", async () => {
    const scene = await open();
    scene.writer.note(KEY, READY);
    scene.status = PLANNING;
    scene.writer.touch(KEY);
    await vi.waitFor(() => expect(scene.written).toEqual([PLANNING]));
    scene.status = READY;
    scene.writer.touch(KEY);
    const stopped = scene.writer.stop(); // what is waiting is written at once
    scene.answer();
    await vi.waitFor(() => expect(scene.written).toEqual([PLANNING, READY]));
    scene.answer();
    await stopped;
  });

  it("of a policy that was deleted and created again is written, though the old one's was answered late", async () => {
    const scene = await open();
    scene.writer.note(KEY, undefined);
    scene.writer.touch(KEY);
    await vi.waitFor(() => expect(scene.written).toEqual([READY]));
    scene.writer.forget(KEY);
    scene.writer.note(KEY, undefined);
    scene.writer.touch(KEY);
    const stopped = scene.writer.stop();
    scene.answer();
    await vi.waitFor(() => expect(scene.written).toEqual([READY, READY]));
    scene.answer();
    await stopped;
  });
});
