/** The transport against real HTTP servers: whatever comes back, an answer is a success or a failure, and in time. */

import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import type { Resource } from "../object/index.ts";
import { type ClusterClient, connectCluster, type RequestObserver } from "./client.ts";
import type { Credentials } from "./credentials.ts";
import { discoverResources } from "./discovery.ts";
import { listPage, openWatch } from "./reads.ts";
import { deleteObject } from "./writes.ts";

const PODS: Resource = { group: "", version: "v1", kind: "Pod", plural: "pods", namespaced: true, verbs: ["list"] };
const GET = { method: "GET", path: "/api/v1/pods" } as const;

const NOT_FOUND = {
  kind: "Status",
  apiVersion: "v1",
  metadata: {},
  status: "Failure",
  message: 'namespaces "shop" not found',
  reason: "NotFound",
  details: { name: "shop", kind: "namespaces", causes: [{ reason: "Why", message: "because", field: "metadata" }] },
  code: 404,
};

const opened: { server: Server; client: ClusterClient }[] = [];

afterEach(async () => {
  for (const { server, client } of opened.splice(0)) {
    await client.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

type Options = { prefix?: string; credentials?: Partial<Credentials>; observe?: RequestObserver };

/** A server that answers so, and a client of it. */
async function clientOf(listener: RequestListener, options: Options = {}): Promise<ClusterClient> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo; // a TCP server's
  const credentials: Credentials = {
    server: `http://127.0.0.1:${port}${options.prefix ?? ""}`,
    tls: {},
    authorization: async () => undefined,
    forget: () => {},
    ...options.credentials,
  };
  const client = connectCluster(credentials, options.observe);
  opened.push({ server, client });
  return client;
}

function answering(status: number, body: string, headers: { [name: string]: string } = {}): RequestListener {
  return (_, response) => response.writeHead(status, headers).end(body);
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return text;
}

describe("an answer", () => {
  it("of 200 is its JSON", async () => {
    const client = await clientOf(answering(200, '{"kind":"Pod"}'));
    expect(await client.send(GET)).toEqual({ ok: true, status: 200, body: { kind: "Pod" } });
  });

  it("of 404 is a failure with the server's reason, words, kind and causes", async () => {
    const client = await clientOf(answering(404, JSON.stringify(NOT_FOUND)));
    const failure = {
      status: 404,
      reason: "NotFound",
      message: 'namespaces "shop" not found',
      kind: "namespaces",
      causes: [{ reason: "Why", message: "because", field: "metadata" }],
    };
    expect(await client.send(GET)).toEqual({ ok: false, failure });
  });

  it("of 429 says in milliseconds how long to wait", async () => {
    const client = await clientOf(answering(429, "too many", { "retry-after": "3" }));
    expect(await client.send(GET)).toMatchObject({ ok: false, failure: { status: 429, retryAfter: 3_000 } });
  });

  it("of 503 of a load balancer for hours says a minute", async () => {
    const client = await clientOf(answering(503, "maintenance", { "retry-after": "7200" }));
    expect(await client.send(GET)).toMatchObject({ ok: false, failure: { status: 503, retryAfter: 60_000 } });
  });

  it("of a proxy in HTML is quoted", async () => {
    const client = await clientOf(answering(502, "<html>Bad Gateway</html>", { "content-type": "text/html" }));
    const failure = { status: 502, reason: "", message: "HTTP 502: <html>Bad Gateway</html>" };
    expect(await client.send(GET)).toMatchObject({ ok: false, failure });
  });

  it("of 302, such as to a proxy's login page, is a failure", async () => {
    const client = await clientOf(answering(302, "", { location: "/login" }));
    expect(await client.send(GET)).toMatchObject({ ok: false, failure: { status: 302 } });
  });

  it("of 200 that is no JSON is a failure", async () => {
    const client = await clientOf(answering(200, "<html>Please log in</html>"));
    expect(await client.send(GET)).toMatchObject({ ok: false, failure: { status: 0 } });
  });

  it("that is cut off is a failure", async () => {
    const client = await clientOf((_, response) => {
      response.writeHead(200, { "content-length": "100" }).write('{"kind":');
      setTimeout(() => response.destroy(), 10);
    });
    expect(await client.send(GET)).toMatchObject({ ok: false, failure: { status: 0, reason: "Unreachable" } });
  });
});

describe("a list", () => {
  const list = { kind: "PodList", apiVersion: "v1", metadata: { resourceVersion: "7" }, items: [] };

  it("of nothing is an empty list", async () => {
    const client = await clientOf(answering(200, JSON.stringify(list)));
    const page = { ok: true, objects: [], resourceVersion: "7", continue: "" };
    expect(await listPage(client, { resource: PODS }, "")).toEqual(page);
  });

  it("keeps all digits of its integers", async () => {
    const item = '{"metadata":{"name":"a","uid":"u","resourceVersion":"1"},"spec":{"big":9007199254740993,"small":12}}';
    const body = `{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"7"},"items":[${item}]}`;
    const client = await clientOf(answering(200, body));
    const page = await listPage(client, { resource: PODS }, "");
    expect(page).toMatchObject({ ok: true, objects: [{ spec: { big: 9007199254740993n, small: 12 } }] });
  });

  it.each<[string, number, string]>([
    ["302", 302, ""],
    ["304", 304, ""],
    ["200 and nothing", 200, ""],
    ["204 and nothing", 204, ""],
    ["200 and a Status", 200, JSON.stringify({ ...NOT_FOUND, code: 200 })],
    ["200 and one object", 200, '{"kind":"Pod","apiVersion":"v1","metadata":{"name":"a","resourceVersion":"7"}}'],
    ["200 and a list without a resourceVersion", 200, JSON.stringify({ ...list, metadata: {} })],
    ["200 and a page of a proxy", 200, "<html>Please log in</html>"],
  ])("that is answered by %s is a failure, never an empty list", async (_, status, body) => {
    const client = await clientOf(answering(status, body));
    expect(await listPage(client, { resource: PODS }, "")).toMatchObject({ ok: false });
  });
});

describe("no answer", () => {
  it("is a failure with status 0 when nobody listens", async () => {
    const client = await clientOf(answering(200, "{}"));
    const [{ server } = expect.fail("no server")] = opened;
    await new Promise((resolve) => server.close(resolve));
    const failure = { status: 0, reason: "Unreachable", message: expect.stringContaining("ECONNREFUSED") };
    expect(await client.send(GET)).toMatchObject({ ok: false, failure });
  });

  const never: Promise<undefined> = new Promise(() => {});
  const cases: [string, RequestListener, Partial<Credentials>][] = [
    ["the server says nothing", () => {}, {}],
    ["the server stops within its answer", (_, response) => response.writeHead(200).write("{"), {}],
    ["the credentials never come", answering(200, "{}"), { authorization: () => never }],
  ];

  it.each(cases)("is a failure with status 0 in the time given when %s", async (_, listener, credentials) => {
    const client = await clientOf(listener, { credentials });
    const start = performance.now();
    const answer = await client.send({ ...GET, timeout: 150 });
    expect(answer).toMatchObject({ ok: false, failure: { status: 0, reason: "Unreachable" } });
    expect(performance.now() - start).toBeGreaterThan(140);
    expect(performance.now() - start).toBeLessThan(3_000); // far below what is usual without the option
  });

  it("counts the time once, not anew with each byte", async () => {
    const client = await clientOf((_, response) => {
      response.writeHead(200);
      const drip = setInterval(() => response.write(" "), 20);
      response.once("close", () => clearInterval(drip));
    });
    expect(await client.send({ ...GET, timeout: 200 })).toMatchObject({ ok: false, failure: { status: 0 } });
  });

  it("is a failure with status 0 when the client is closed meanwhile", async () => {
    const client = await clientOf(() => void client.close());
    expect(await client.send(GET)).toMatchObject({ ok: false, failure: { status: 0, reason: "Unreachable" } });
    await client.close(); // a second time does no harm
  });

  it("is a failure when the credentials cannot be had", async () => {
    const authorization = async (): Promise<never> => {
      throw new Error("the plugin is not installed");
    };
    const client = await clientOf(answering(200, "{}"), { credentials: { authorization } });
    const failure = { status: 0, message: "the plugin is not installed" };
    expect(await client.send(GET)).toMatchObject({ ok: false, failure });
  });
});

describe("a request that waits for a connection", () => {
  const CONNECTIONS = 64;

  /** Requests that keep all connections busy until they are let go. */
  async function busyClient() {
    const held: (() => void)[] = [];
    const seen: string[] = [];
    const client = await clientOf((request, response) => {
      seen.push(request.url ?? "");
      if (request.url === "/held") held.push(() => response.end("{}"));
      else response.end("{}");
    });
    const busy = Array.from({ length: CONNECTIONS }, () => client.send({ method: "GET", path: "/held" }));
    await expect.poll(() => held.length).toBe(CONNECTIONS);
    const letGo = async () => {
      for (const answer of held) answer();
      expect(await Promise.all(busy)).toEqual(busy.map(() => expect.objectContaining({ ok: true })));
    };
    return { client, seen, letGo };
  }

  it("is not sent when it may not be any more, and the connections serve the next ones", async () => {
    const { client, seen, letGo } = await busyClient();
    let may = true;
    const late = Array.from({ length: 2 * CONNECTIONS }, () =>
      client.send({ method: "PATCH", path: "/late", maySend: () => may }),
    );
    may = false;
    await letGo();
    const failure = { status: 0, reason: "Unreachable", message: expect.stringContaining("not sent") };
    expect(await Promise.all(late)).toEqual(
      late.map(() => expect.objectContaining({ ok: false, failure: expect.objectContaining(failure) })),
    );
    expect(seen).not.toContain("/late");
    may = true;
    expect(await client.send({ method: "PATCH", path: "/allowed", maySend: () => may })).toMatchObject({ ok: true });
  });

  it("does not wait when it goes ahead", async () => {
    const { client, seen, letGo } = await busyClient();
    expect(await client.send({ method: "PUT", path: "/lease", ahead: true })).toMatchObject({ ok: true });
    expect(seen).toContain("/lease");
    await letGo();
  });

  it("is not sent when its time is over, and the connections serve the next ones", async () => {
    const { client, seen, letGo } = await busyClient();
    const late = await client.send({ method: "PATCH", path: "/late", timeout: 100 });
    expect(late).toMatchObject({ ok: false, failure: { status: 0, message: "no answer in time" } });
    await letGo();
    expect(await client.send({ method: "PATCH", path: "/next" })).toMatchObject({ ok: true });
    expect(seen).not.toContain("/late");
  });
});

describe("a token", () => {
  /** Accepts one token only; the credentials have another one first, until they are told to forget. */
  async function withTokens(...tokens: string[]): Promise<{ client: ClusterClient; seen: string[] }> {
    const seen: string[] = [];
    const listener: RequestListener = ({ headers }, response) => {
      seen.push(headers.authorization ?? "");
      response.writeHead(headers.authorization === "Bearer good" ? 200 : 401).end("{}");
    };
    const credentials = {
      authorization: async () => `Bearer ${tokens[0]}`,
      forget: () => {
        if (tokens.length > 1) tokens.shift();
      },
    };
    return { client: await clientOf(listener, { credentials }), seen };
  }

  it("that is refused is forgotten, and the request repeated once with the next one", async () => {
    const { client, seen } = await withTokens("old", "good");
    expect(await client.send(GET)).toMatchObject({ ok: true });
    expect(seen).toEqual(["Bearer old", "Bearer good"]);
  });

  it("that is refused again is a failure", async () => {
    const { client, seen } = await withTokens("old", "older", "oldest");
    expect(await client.send(GET)).toMatchObject({ ok: false, failure: { status: 401 } });
    expect(seen).toEqual(["Bearer old", "Bearer older"]);
  });

  it("that is refused to a watch is forgotten, so that the next one has another", async () => {
    const { client, seen } = await withTokens("old", "good");
    const { signal } = new AbortController();
    expect(await client.stream(GET, signal)).toMatchObject({ ok: false, failure: { status: 401 } });
    const answer = await client.stream(GET, signal);
    expect(seen).toEqual(["Bearer old", "Bearer good"]);
    if (answer.ok) for await (const chunk of answer.body) expect(String(chunk)).toBe("{}");
    expect(answer.ok).toBe(true);
  });
});

describe("a watch", () => {
  it("keeps all digits of the integers in its events", async () => {
    const object = '{"kind":"Pod","metadata":{"name":"a","resourceVersion":"7"},"spec":{"big":9007199254740993}}';
    const client = await clientOf(answering(200, `{"type":"ADDED","object":${object}}\n`));
    const from = { resourceVersion: "1", timeoutSeconds: 1 };
    const opened = await openWatch(client, { resource: PODS }, from, new AbortController().signal);
    if (!opened.ok) throw new Error(opened.failure.message);
    const events: unknown[] = [];
    for await (const event of opened.events) events.push(event);
    expect(events).toMatchObject([{ type: "ADDED", object: { spec: { big: 9007199254740993n } } }]);
  });
});

describe("a stream", () => {
  it("is handed on as it comes, and ends when it is aborted", async () => {
    const client = await clientOf((_, response) => response.writeHead(200).write("first\n"));
    const abort = new AbortController();
    const answer = await client.stream(GET, abort.signal);
    const chunks: string[] = [];
    const read = async (): Promise<void> => {
      if (answer.ok)
        for await (const chunk of answer.body) {
          chunks.push(String(chunk));
          abort.abort();
        }
    };
    await expect(read()).rejects.toThrow();
    expect(chunks).toEqual(["first\n"]);
  });

  it.each([302, 403, 410, 500])("that is answered by %i is a failure", async (status) => {
    const client = await clientOf(answering(status, JSON.stringify({ kind: "Status", message: "no" })));
    const answer = await client.stream(GET, new AbortController().signal);
    expect(answer).toMatchObject({ ok: false, failure: { status, message: "no" } });
  });
});

describe("a request", () => {
  it("carries path, query, type and body, below the prefix of the server", async () => {
    let seen: unknown;
    const listener: RequestListener = async (request, response) => {
      const { method, url, headers } = request;
      seen = { method, url, type: headers["content-type"], accept: headers.accept, body: await textOf(request) };
      response.end("{}");
    };
    const client = await clientOf(listener, { prefix: "/k8s/clusters/c-1/" });
    const query = { fieldManager: "perennial", labelSelector: "a=b,c" };
    await client.send({ method: "PATCH", path: "/api/v1/x", query, contentType: "application/a+yaml", body: { a: 1 } });
    expect(seen).toEqual({
      method: "PATCH",
      url: "/k8s/clusters/c-1/api/v1/x?fieldManager=perennial&labelSelector=a%3Db%2Cc",
      type: "application/a+yaml",
      accept: "application/json",
      body: '{"a":1}',
    });
  });

  it("carries all digits of its integers", async () => {
    let sent = "";
    const listener: RequestListener = async (request, response) => {
      sent = await textOf(request);
      response.end('{"big":9007199254740993}');
    };
    const client = await clientOf(listener);
    const answer = await client.send({ method: "POST", path: "/x", body: { big: 9007199254740993n, small: 1 } });
    expect(sent).toBe('{"big":9007199254740993,"small":1}');
    expect(answer).toEqual({ ok: true, status: 200, body: { big: 9007199254740993n } });
  });

  it("is told to the observer with its status, 0 when there was none", async () => {
    const told: string[] = [];
    const observe: RequestObserver = (method, status) => told.push(`${method} ${status}`);
    const client = await clientOf(answering(404, "{}"), { observe });
    await client.send(GET);
    await client.close();
    await client.send(GET);
    expect(told).toEqual(["GET 404", "GET 0"]);
  });
});

describe("what only looks like an answer", () => {
  const BODIES = ["{}", "null", "[]", '{"kind":"Status","status":"Failure"}', '{"error":"please log in"}'];
  const ref = { ...PODS, namespace: "shop", name: "a" };

  it.each(BODIES)("is no list of kinds: %s", async (body) => {
    expect(await discoverResources(await clientOf(answering(200, body)))).toMatchObject({ ok: false });
  });

  it.each(BODIES)("deleted nothing: %s", async (body) => {
    const client = await clientOf(answering(200, body));
    expect(await deleteObject(client, PODS, ref, "u")).toMatchObject({ ok: false });
  });

  it.each([
    '{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Success","details":{"name":"a"}}',
    '{"kind":"Pod","apiVersion":"v1","metadata":{"name":"a","uid":"u","deletionTimestamp":"2026-11-21T12:00:00Z"}}',
  ])("is not the answer to a delete: %s", async (body) => {
    const client = await clientOf(answering(200, body));
    expect(await deleteObject(client, PODS, ref, "u")).toMatchObject({ ok: true });
  });
});
