/** The proxy by itself: without a fault nothing is different, and each fault is the one that its name says. */

import { readFile } from "node:fs/promises";
import { Agent } from "undici";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ControlPlane, startControlPlane, waitUntil } from "../control-plane/index.ts";
import { errorLine, type FaultProxy, type FaultRule, startFaultProxy } from "./index.ts";

const MAPS = "/api/v1/namespaces/default/configmaps";
const WATCH = `${MAPS}?watch=true&allowWatchBookmarks=true&resourceVersion=`;

let plane: ControlPlane;
let proxy: FaultProxy;
let client: Agent;

beforeAll(async () => {
  plane = await startControlPlane({ say: () => {} });
  proxy = await startFaultProxy({ ...plane, upstream: plane.url });
  client = new Agent({ connect: { ca: await readFile(plane.caFile, "utf8") }, allowH2: false });
});

afterAll(async () => {
  await client?.destroy();
  await proxy?.stop();
  await plane?.stop();
});

type Options = { method?: "GET" | "POST" | "DELETE"; body?: object; timeout?: number };

async function open(path: string, { method = "GET", body, timeout = 10_000 }: Options = {}) {
  return client.request({
    origin: proxy.url,
    path,
    method,
    headers: { authorization: `Bearer ${plane.token}`, "content-type": "application/json" },
    body: body === undefined ? null : JSON.stringify(body),
    signal: AbortSignal.timeout(timeout),
  });
}

/** Status and body; or how it failed, and what had come until then. */
async function outcomeOf(path: string, options: Options = {}) {
  let text = "";
  try {
    const { statusCode, body } = await open(path, options);
    for await (const chunk of body) text += String(chunk);
    return { status: statusCode, text };
  } catch (error) {
    const { code, name } = error as { code?: unknown; name: string }; // of undici, of the system, or of a timeout
    return { failed: typeof code === "string" ? code : name, text };
  }
}

async function createMap(name: string): Promise<void> {
  const { status } = await plane.request("POST", MAPS, { metadata: { name } });
  expect(status).toBe(201);
}

async function exists(name: string): Promise<boolean> {
  return (await plane.request("GET", `${MAPS}/${name}`)).status === 200;
}

async function latestVersion(): Promise<string> {
  const { body } = await plane.request("GET", `${MAPS}?limit=1`);
  return (body as { metadata: { resourceVersion: string } }).metadata.resourceVersion; // a list
}

/** A reset shows as one or the other, depending on what the client was doing. */
const RESET = expect.stringMatching(/^(ECONNRESET|UND_ERR_SOCKET)$/);
const TIMEOUT = expect.stringMatching(/^(TimeoutError|ABORT_ERR)$/);

describe("without a fault", () => {
  it("requests, their bodies, and refusals pass", async () => {
    const created = await outcomeOf(MAPS, { method: "POST", body: { metadata: { name: "passed" } } });
    expect(created).toMatchObject({ status: 201 });
    expect(await outcomeOf(`${MAPS}/passed`)).toMatchObject({ status: 200 });
    expect(await outcomeOf(`${MAPS}/nobody`)).toMatchObject({ status: 404 });
  });

  it("the lines of a watch pass as they come", async () => {
    const { body } = await open(`${WATCH}${await latestVersion()}`);
    await createMap("watched");
    for await (const chunk of body) {
      expect(JSON.parse(String(chunk))).toMatchObject({ type: "ADDED", object: { metadata: { name: "watched" } } });
      break;
    }
  });

  it("during() rejects, as nothing was shown", async () => {
    await expect(proxy.during({ request: () => undefined }, () => outcomeOf(MAPS))).rejects.toThrow("no fault struck");
  });
});

describe("a request", () => {
  const body = { metadata: { name: "late" } };
  const cases: [string, FaultRule["request"], object, boolean][] = [
    ["is reset, and not passed on", () => ({ fault: "reset" }), { failed: RESET, text: "" }, false],
    ["stalls, and is not passed on", () => ({ fault: "stall" }), { failed: TIMEOUT, text: "" }, false],
    ["is passed on and its answer lost", () => ({ fault: "lose-answer" }), { failed: RESET, text: "" }, true],
    [
      "is passed on and its answer cut",
      () => ({ fault: "cut-answer" }),
      { failed: RESET, text: expect.stringMatching(/^\{.*[^}]$/s) },
      true,
    ],
    ["is answered by somebody else", () => ({ fault: "answer", status: 503, body: "no" }), { status: 503 }, false],
    ["is passed on later", () => ({ fault: "hold", until: Promise.resolve() }), { status: 201 }, true],
  ];

  it.each(cases)("%s", async (what, request, expected, isPassedOn) => {
    const name = what.replaceAll(/[^a-z]+/g, "-");
    const strike: FaultRule = { request: request ?? (() => undefined) };
    const send = () => outcomeOf(MAPS, { method: "POST", body: { ...body, metadata: { name } }, timeout: 2_000 });
    expect(await proxy.during(strike, send)).toMatchObject(expected);
    expect(await exists(name)).toBe(isPassedOn);
  });

  it("is asked with another parameter", async () => {
    const rule: FaultRule = { request: () => ({ fault: "ask", query: { limit: "1" } }) };
    const { text } = await proxy.during(rule, () => outcomeOf(`${MAPS}?limit=500`));
    expect(JSON.parse(text).items).toHaveLength(1);
  });
});

describe("a line of a watch", () => {
  const cases: [string, FaultRule["line"], object][] = [
    [
      "is followed by a reset in its middle",
      () => ({ fault: "cut" }),
      { failed: RESET, text: /^\{"type":[^\n]*[^}\n]$/ },
    ],
    ["is replaced by a reset", () => ({ fault: "reset" }), { failed: RESET, text: /^$/ }],
    ["is cut, and looks like the end", () => ({ fault: "end" }), { status: 200, text: /^\{"type":[^\n]*[^}\n]$/ }],
    ["never comes, and nothing more", () => ({ fault: "stall" }), { failed: TIMEOUT, text: /^$/ }],
    [
      "is an ERROR",
      () => ({ fault: "say", line: errorLine(410, "Expired", "too old") }),
      { status: 200, text: /^\{"type":"ERROR".*"code":410.*\}\n$/ },
    ],
    [
      "is left out",
      ({ name }) => (name.endsWith("1") ? { fault: "swallow" } : { fault: "end" }),
      { status: 200, text: /^\{"type":"ADDED"(?!.*-1")/ },
    ],
  ];

  it.each(cases)("%s", async (what, line, { text, ...expected }: { text?: RegExp }) => {
    const from = await latestVersion();
    const strike: FaultRule = { line: line ?? (() => undefined) };
    const seen = await proxy.during(strike, async () => {
      const watched = outcomeOf(`${WATCH}${from}`, { timeout: 3_000 });
      for (const i of [1, 2]) await createMap(`${what.replaceAll(/[^a-z]+/g, "-").toLowerCase()}-${i}`);
      return watched;
    });
    expect(seen).toMatchObject({ ...expected, text: expect.stringMatching(text ?? /never/) });
  });
});

describe("all connections", () => {
  it("are reset", async () => {
    const { body } = await open(`${WATCH}${await latestVersion()}`);
    proxy.resetAll();
    await expect(body.text()).rejects.toThrow();
  });

  it("are frozen, and what came meanwhile passes when they are thawed", async () => {
    proxy.freeze();
    const before = proxy.seen.length;
    const sent = outcomeOf(MAPS, { method: "POST", body: { metadata: { name: "frozen" } } });
    await waitUntil("the request came", async () => proxy.seen.length > before);
    expect(await exists("frozen")).toBe(false);
    proxy.thaw();
    expect(await sent).toMatchObject({ status: 201 });
  });
});
