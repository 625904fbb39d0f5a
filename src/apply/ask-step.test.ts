import { describe, expect, it } from "vitest";
import type { Answer, ApiRequest, ClusterClient } from "../cluster/index.ts";
import type { AskStep, ReadStep } from "../plan/index.ts";
import { askStep } from "./ask-step.ts";

const TARGET = { group: "", kind: "ConfigMap", namespace: "shop", name: "settings" };
const RESOURCE = { group: "", version: "v1", kind: "ConfigMap", plural: "configmaps", namespaced: true, verbs: [] };
const OBJECT = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "settings-01234567", namespace: "shop" } };
const SHARED = { target: TARGET, resource: RESOURCE, desired: "d", because: "" };
const ASK: AskStep = { ...SHARED, verb: "ask", object: OBJECT };
const READ: ReadStep = { ...SHARED, verb: "read" };

/** A server that answers so, and what it was asked. */
function server(answer: Answer): { client: ClusterClient; requests: ApiRequest[] } {
  const requests: ApiRequest[] = [];
  const client: ClusterClient = {
    async send(request) {
      requests.push(request);
      return answer;
    },
    stream: () => Promise.reject(new Error("nothing is streamed")),
    close: () => Promise.resolve(),
  };
  return { client, requests };
}

function refusing(status: number): Answer {
  return { ok: false, failure: { status, reason: "", message: "", causes: [] } };
}

const STORED: Answer = { ok: true, status: 201, body: { ...OBJECT, metadata: { ...OBJECT.metadata, uid: "u" } } };

describe("a question", () => {
  it("for a fresh object is a creation that stores nothing", async () => {
    const { client, requests } = server(STORED);
    expect(await askStep(client, ASK)).toMatchObject({ type: "answered", object: OBJECT });
    expect(requests).toMatchObject([
      { method: "POST", path: "/api/v1/namespaces/shop/configmaps", query: { dryRun: "All" }, body: OBJECT },
    ]);
  });

  it("for the object itself is a read", async () => {
    const { client, requests } = server(STORED);
    expect((await askStep(client, READ)).type).toBe("answered");
    expect(requests).toMatchObject([{ method: "GET", path: "/api/v1/namespaces/shop/configmaps/settings" }]);
  });

  it.each<[string, AskStep | ReadStep, number, string]>([
    ["a quota", ASK, 403, "refused"],
    ["a webhook that takes no dry run", ASK, 400, "refused"],
    ["a kind bound to its names", ASK, 422, "refused"],
    ["a fault of a webhook", ASK, 500, "refused"],
    ["no answer", ASK, 0, "failed"],
    ["too many requests", ASK, 429, "failed"],
    ["an API server that starts", ASK, 503, "failed"],
    ["an object that is not there", READ, 404, "gone"],
    ["a missing permission to read", READ, 403, "refused"],
    ["no answer to a read", READ, 0, "failed"],
  ])("has the reply for %s", async (_name, step, status, type) => {
    const { client } = server(refusing(status));
    expect((await askStep(client, step)).type).toBe(type);
  });
});
