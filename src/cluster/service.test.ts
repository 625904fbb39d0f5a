/** Asking a service: a real server on this machine, whose address is let through for that. */

import { createServer, type IncomingMessage, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { isRefusedAddress } from "./refused-address.ts";
import { callService, type ServiceAnswer, type ServiceRequest } from "./service.ts";

const closing: (() => void)[] = [];

afterEach(() => {
  for (const close of closing.splice(0)) close();
});

async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // a TCP server's
}

function ask(url: string, more: Partial<ServiceRequest> = {}, timeout = 5_000): Promise<ServiceAnswer> {
  const request = { method: "GET" as const, url, headers: {}, body: undefined, caBundle: undefined, largest: 1_000 };
  return callService({ ...request, ...more }, { timeout, isRefused: () => false });
}

describe("a service", () => {
  it("is sent what the rule says, and nothing of ours", async () => {
    const seen: IncomingMessage[] = [];
    const bodies: string[] = [];
    const url = await serve(async (request, response) => {
      seen.push(request);
      for await (const chunk of request) bodies.push(String(chunk));
      response.end("{}");
    });
    const answer = await ask(`${url}/a%2Fb?c=d`, { method: "POST", headers: { "x-team": "shop" }, body: '{"a":1}' });
    expect(answer).toEqual({ ok: true, text: "{}" });
    expect(seen[0]).toMatchObject({ method: "POST", url: "/a%2Fb?c=d" });
    expect(new Set(Object.keys(seen[0]?.headers ?? {}))).toEqual(
      new Set(["accept", "connection", "content-length", "content-type", "host", "user-agent", "x-team"]),
    );
    expect(bodies).toEqual(['{"a":1}']);
  });

  it.each([
    [302, /^it answers 302, and redirects are not followed$/],
    [404, /^it answers 404$/],
    [500, /^it answers 500$/],
  ])("that answers %i has failed, and its words are not repeated", async (status, told) => {
    const url = await serve((_, response) => response.writeHead(status, { location: "/else" }).end("secret words"));
    const answer = await ask(url);
    expect(answer).toMatchObject({ ok: false, message: expect.stringMatching(told) });
  });

  it("that answers more than is taken has failed", async () => {
    const url = await serve((_, response) => response.end("x".repeat(1_001)));
    expect(await ask(url)).toEqual({ ok: false, message: "the answer has more than 1000 bytes" });
  });

  it.each<[what: string, answer: RequestListener]>([
    ["nothing", () => {}],
    ["the beginning of an answer", (_, response) => void response.writeHead(200).write("{")],
  ])("that answers %s has failed when its time is over", async (_what, answer) => {
    expect(await ask(await serve(answer), {}, 600)).toEqual({ ok: false, message: "no answer in time" });
  });

  it("is let go when nobody waits for the answer any more", async () => {
    const controller = new AbortController();
    const url = await serve(() => controller.abort());
    const request = { method: "GET" as const, headers: {}, body: undefined, caBundle: undefined, largest: 1_000 };
    const { signal } = controller;
    expect(await callService({ ...request, url }, { isRefused: () => false, signal })).toMatchObject({ ok: false });
  });

  it("that nobody serves has failed", async () => {
    const url = await serve(() => {});
    for (const close of closing.splice(0)) close();
    expect(await ask(url)).toMatchObject({ ok: false, message: expect.stringContaining("ECONNREFUSED") });
  });
});

describe("an address that only this machine reaches", () => {
  it.each([
    "127.0.0.1",
    "127.9.9.9",
    "0.0.0.0",
    "::1",
    "::",
    "::ffff:127.0.0.1",
    "::ffff:7f00:1",
    "169.254.169.254",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "fe80::1",
    "fe80::1%eth0",
    "fd00:ec2::254",
    "no address",
    undefined,
  ])("is %s", (address) => {
    expect(isRefusedAddress(address)).toBe(true);
  });

  it.each(["10.0.0.1", "192.168.1.1", "8.8.8.8", "172.17.0.2", "fd00::1", "2001:db8::1", "::ffff:10.0.0.1"])(
    "is not %s",
    (address) => {
      expect(isRefusedAddress(address)).toBe(false);
    },
  );

  it.each(["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]", "169.254.169.254"])(
    "is never connected to: %s",
    async (host) => {
      const asked: string[] = [];
      const url = await serve((request) => asked.push(request.url ?? ""));
      const request = { method: "GET" as const, headers: {}, body: undefined, caBundle: undefined, largest: 1_000 };
      const answer = await callService({ ...request, url: `http://${host}:${new URL(url).port}/` }, { timeout: 5_000 });
      expect(answer).toMatchObject({ ok: false, message: expect.stringContaining("which no rule may call") });
      expect(asked).toEqual([]);
    },
  );

  it("is refused also when it is found out only once it is connected", async () => {
    const url = await serve((_, response) => response.end("{}"));
    let judged = 0;
    const answer = await callService(
      { method: "GET", url, headers: {}, body: undefined, caBundle: undefined, largest: 1_000 },
      { isRefused: () => judged++ > 0 },
    );
    expect(answer).toMatchObject({ ok: false, message: expect.stringContaining("which no rule may call") });
  });
});
