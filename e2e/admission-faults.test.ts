/** What can go wrong between the API server and the webhook, or be sent by anybody else who reaches the port. */

import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { request } from "node:https";
import { connect as connectPlain } from "node:net";
import { text } from "node:stream/consumers";
import { connect } from "node:tls";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Cluster,
  CONFIGURATION,
  type OperatorProcess,
  REFUSED,
  startCluster,
  startOperator,
  waitUntil,
  webhookAddress,
  webhookFlags,
  writeRefused,
} from "./harness/index.ts";

let cluster: Cluster;
let operator: OperatorProcess;
let flags: string[];
let policies: string;

beforeAll(async () => {
  cluster = await startCluster();
  flags = await webhookFlags();
  operator = await startOperator(cluster, { flags });
  await waitUntil("the webhook is called", async () => (await createBad()) === 422);
  policies = await pathOfPolicies();
});

afterAll(async () => {
  await operator?.stop();
  await cluster?.stop();
});

async function createBad(): Promise<number> {
  return (await writeRefused(cluster)).status;
}

function review(request: object): string {
  return JSON.stringify({ apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", request });
}

function reviewOf(object: object): string {
  return review({ uid: "u-1", operation: "CREATE", object });
}

type Sent = { path?: string; method?: string; type?: string };

/** Where the API server is told to call, and nobody else. */
async function pathOfPolicies(): Promise<string> {
  const found = await cluster.get("validatingwebhookconfiguration", "", CONFIGURATION);
  const [webhook] = (found?.webhooks ?? []) as unknown as { clientConfig: { url: string } }[];
  return new URL(webhook?.clientConfig.url ?? "").pathname;
}

/** Straight to the server, as who knows the path may. */
async function send(body: string, { path = policies, method = "POST", type = "application/json" }: Sent = {}) {
  const sent = request({ ...webhookAddress(flags), path, method, rejectUnauthorized: false });
  sent.setHeader("content-type", type);
  sent.end(body);
  const [response] = await once(sent, "response");
  return { status: Number(response.statusCode), body: await text(response) };
}

const LARGE = "x".repeat(3 * 1024 * 1024);

describe("what is no review", () => {
  it.each<[string, string, Sent, number, string]>([
    ["text", "hello", {}, 400, "no JSON"],
    ["half of a review", reviewOf(REFUSED).slice(0, 200), {}, 400, "no JSON"],
    ["an empty body", "", {}, 400, "no JSON"],
    ["another object", JSON.stringify(REFUSED), {}, 400, "no AdmissionReview"],
    ["a review without a request", review([]), {}, 400, "no request"],
    ["a request without a uid", review({ operation: "CREATE" }), {}, 400, "no uid"],
    ["an object that is a list", review({ uid: "1", operation: "CREATE", object: [] }), {}, 400, "request.object"],
    ["depth without end", "[".repeat(1_000_000), {}, 400, "no JSON"],
    ["YAML", "a: b", { type: "application/yaml" }, 415, "application/json"],
    ["a GET", "", { method: "GET" }, 405, "POST"],
    ["another path", reviewOf(REFUSED), { path: "/mutate" }, 404, "this path"],
    ["a path that was guessed", reviewOf(REFUSED), { path: "/policies" }, 404, "this path"],
    ["7 MB", JSON.stringify(LARGE + LARGE + LARGE), {}, 413, "at most"],
  ])("%s is answered with what is wrong", async (_what, body, sent, status, says) => {
    const answer = await send(body, sent);
    expect(answer.status).toBe(status);
    expect(answer.body).toContain(says);
  });

  it("leaves the server as it was", async () => {
    expect(await createBad()).toBe(422);
  });
});

describe("a review that is odd", () => {
  it.each<[string, object]>([
    ["of another kind", { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "x" } }],
    ["without a spec", { apiVersion: "perennial.dev/v1", kind: "ClusterPolicy", metadata: { name: "x" } }],
    ["with a spec that is a list", { ...REFUSED, spec: [] }],
    ["with rules that are numbers", { ...REFUSED, spec: { rules: [1, 2] } }],
    ["with a name that is a number", { ...REFUSED, metadata: { name: 1 } }],
    ["nested 2,000 deep", { ...REFUSED, spec: nested(2_000) }],
    ["of 3 MB", { ...REFUSED, spec: { rules: [{ name: LARGE }] } }],
  ])("%s is refused in words", async (_what, object) => {
    const answer = await send(reviewOf(object));
    expect(answer.status).toBe(200);
    const { response } = JSON.parse(answer.body);
    expect(response).toMatchObject({ uid: "u-1", allowed: false });
    expect(response.status.message).not.toBe("");
    expect(answer.body.length).toBeLessThan(20_000);
  });
});

describe("a client that is slow", () => {
  it("is cut off, and nobody waits for it meanwhile", async () => {
    const socket = connect({ ...webhookAddress(flags), rejectUnauthorized: false });
    await once(socket, "secureConnect");
    const closed = new Promise((resolve) => socket.once("close", resolve));
    socket.on("error", () => {});
    socket.write(
      `POST ${policies} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 1000000\r\n\r\n`,
    );
    const dribbling = setInterval(() => socket.write("["), 200);
    try {
      expect(await createBad()).toBe(422);
      await closed; // or the test has its time out
    } finally {
      clearInterval(dribbling);
    }
    expect(await createBad()).toBe(422);
  });
});

describe("a client that speaks no TLS, or not ours", () => {
  it("gets no answer, and disturbs nobody", async () => {
    const { host, port } = webhookAddress(flags);
    const plain = connectPlain(port, host);
    plain.end("GET / HTTP/1.1\r\n\r\n");
    await once(plain, "close");
    await expect(once(httpRequest({ host, port }).end(), "response")).rejects.toThrow();
    await expect(once(request({ host, port }).end(), "response")).rejects.toThrow(/certificate/); // it trusts others
    await expect(once(connect({ host, port, maxVersion: "TLSv1.1", ...OLD }), "secureConnect")).rejects.toThrow();
    expect(await createBad()).toBe(422);
  });
});

const OLD = { minVersion: "TLSv1", ciphers: "DEFAULT@SECLEVEL=0", rejectUnauthorized: false } as const;

describe("much at once", () => {
  it("is answered, and leaves no memory behind", async () => {
    const body = reviewOf({ ...REFUSED, spec: { rules: [{ name: LARGE.slice(0, 1_000_000) }] } });
    const burst = async (): Promise<number[]> => {
      const answers = await Promise.all(Array.from({ length: 100 }, () => send(body)));
      return answers.map(({ status }) => status);
    };
    const first = await burst();
    expect(new Set(first)).not.toContain(500);
    const before = await residentMegabytes();
    for (let i = 0; i < 3; i++) for (const status of await burst()) expect([200, 429]).toContain(status);
    expect((await residentMegabytes()) - before).toBeLessThan(60);
    expect(await createBad()).toBe(422);
  });
});

async function residentMegabytes(): Promise<number> {
  const [, bytes] = /^process_resident_memory_bytes (\S+)$/m.exec(await operator.metrics()) ?? [];
  return Number(bytes) / 1e6;
}

describe("an operator that is killed while it is asked", () => {
  it("keeps nobody waiting: the failurePolicy decides, and the next one goes on", async () => {
    const asked = Array.from({ length: 100 }, createBad);
    await operator.kill();
    const answers = new Set(await Promise.all(asked));
    expect([...answers].filter((status) => status !== 422 && status !== 500)).toEqual([]);
    expect(await createBad()).toBe(500); // nobody is there: Fail
    operator = await startOperator(cluster, { flags });
    await waitUntil("it is refused again", async () => (await createBad()) === 422);
  });
});

function nested(depth: number): unknown {
  let value: unknown = "x";
  for (let i = 0; i < depth; i++) value = { a: value };
  return value;
}
