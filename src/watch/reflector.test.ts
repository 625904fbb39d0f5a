/** The reflector in conversation with a scripted API server: what it asks, and what it says. */

import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { Answer, ApiFailure, ApiRequest, ClusterClient } from "../cluster/index.ts";
import { asJson, type Json, type Resource } from "../object/index.ts";
import { type ReflectorOptions, reflect } from "./reflector.ts";
import type { WatchSignal } from "./signal.ts";

const WIDGETS: Resource = {
  group: "t.example.com",
  version: "v1",
  kind: "Widget",
  plural: "widgets",
  namespaced: true,
  verbs: ["list", "watch"],
};

/** Waits are short; a watch is silent only where a test says so. */
const OPTIONS: ReflectorOptions = { silence: 10_000, backoff: { first: 1, most: 4 } };

const REFUSAL: ApiFailure = { status: 403, reason: "Forbidden", message: "you may not", causes: [] };

type Turn =
  | { asked: "list"; answer: Answer }
  | { asked: "watch"; lines: string[]; then: "end" | "reset" | "silence" }
  | { asked: "watch"; failure: ApiFailure };

function page(resourceVersion: string, names: string[], token = ""): Turn {
  const items = names.map((name) => ({ metadata: { name, resourceVersion: "1" } }));
  const metadata = { resourceVersion, continue: token };
  const body = { apiVersion: "t.example.com/v1", kind: "WidgetList", metadata, items };
  return { asked: "list", answer: { ok: true, status: 200, body } };
}

function refusedList(failure: ApiFailure): Turn {
  return { asked: "list", answer: { ok: false, failure } };
}

function watch(lines: string[], then: "end" | "reset" | "silence" = "end"): Turn {
  return { asked: "watch", lines, then };
}

function event(type: string, name: string, resourceVersion: string): string {
  const object = { apiVersion: "t.example.com/v1", kind: "Widget", metadata: { name, resourceVersion } };
  return `${JSON.stringify({ type, object })}\n`;
}

function errorEvent(code: number, reason: string): string {
  return `${JSON.stringify({ type: "ERROR", object: { kind: "Status", code, reason } })}\n`;
}

/** Answers one request after another; what is asked beyond the script gets no answer and ends the scene. */
class ScriptedCluster implements ClusterClient {
  readonly asked: ApiRequest[] = [];
  /** The same, for reading. */
  readonly requests: string[] = [];
  readonly over = Promise.withResolvers<void>();
  readonly #turns: Turn[];

  constructor(turns: readonly Turn[]) {
    this.#turns = [...turns];
  }

  async send(request: ApiRequest): Promise<Answer> {
    const token = request.query?.continue;
    const turn = await this.#next(request, token === undefined ? "list" : `list on from ${token}`);
    if (turn.asked !== "list") throw new Error("the script has a watch here");
    return turn.answer;
  }

  async stream(request: ApiRequest, signal: AbortSignal): ReturnType<ClusterClient["stream"]> {
    const turn = await this.#next(request, `watch from ${request.query?.resourceVersion}`);
    if (turn.asked !== "watch") throw new Error("the script has a list here");
    return "failure" in turn ? { ok: false, failure: turn.failure } : { ok: true, body: speak(turn, signal) };
  }

  async close(): Promise<void> {}

  async #next(request: ApiRequest, printed: string): Promise<Turn> {
    this.asked.push(request);
    this.requests.push(printed);
    const turn = this.#turns.shift();
    if (turn !== undefined) return turn;
    this.over.resolve();
    return new Promise(() => {}); // no answer
  }
}

async function* speak(
  { lines, then }: { lines: string[]; then: "end" | "reset" | "silence" },
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  for (const line of lines) yield Buffer.from(line);
  if (then === "silence") await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  if (then !== "end") throw new Error("the connection is gone");
}

/** Plays the script to its end, and one request further. */
async function play(
  turns: readonly Turn[],
  options: ReflectorOptions = OPTIONS,
): Promise<{ requests: string[]; signals: string[] }> {
  const cluster = new ScriptedCluster(turns);
  const signals: string[] = [];
  const subscription = reflect(cluster, { resource: WIDGETS }, options).subscribe({
    next: (signal) => signals.push(print(signal)),
    error: (error) => cluster.over.reject(error),
  });
  await cluster.over.promise.finally(() => subscription.unsubscribe());
  return { requests: cluster.requests, signals };
}

function print(signal: WatchSignal): string {
  switch (signal.type) {
    case "listing":
    case "recovered":
      return signal.type;
    case "page":
      return `page ${signal.objects.map(({ metadata }) => metadata.name).join(" ")}`;
    case "synced":
    case "bookmark":
      return `${signal.type} ${signal.resourceVersion}`;
    case "changed":
    case "deleted":
      return `${signal.type} ${signal.object.metadata.name} ${signal.object.metadata.resourceVersion}`;
    case "failed":
      return `failed ${signal.failure.status} ${signal.failure.message}`;
    case "reopened":
      return `reopened ${signal.because}`;
  }
}

const LISTED = ["listing", "page a", "synced 10"];

describe("a list", () => {
  it("is reported page by page, and is synced at its resourceVersion", async () => {
    const { requests, signals } = await play([page("9", ["a", "b"], "more"), page("10", ["c"])]);
    expect(requests).toEqual(["list", "list on from more", "watch from 10"]);
    expect(signals).toEqual(["listing", "page a b", "page c", "synced 10"]);
  });

  it("of nothing is synced without a page", async () => {
    expect((await play([page("10", [])])).signals).toEqual(["listing", "synced 10"]);
  });

  it("gives each object the type that its items do not carry", async () => {
    const cluster = new ScriptedCluster([page("10", ["a"])]);
    const types: Json[] = [];
    const subscription = reflect(cluster, { resource: WIDGETS }, OPTIONS).subscribe((signal) => {
      if (signal.type === "page") types.push(...signal.objects.map(({ apiVersion, kind }) => `${apiVersion} ${kind}`));
    });
    await cluster.over.promise.finally(() => subscription.unsubscribe());
    expect(types).toEqual(["t.example.com/v1 Widget"]);
  });

  it("of metadata asks for that, and keeps no more of whatever comes", async () => {
    const item = (name: string, more: object) => ({ metadata: { name, resourceVersion: "1" }, ...more });
    const whole = item("a", { spec: { size: 1 } });
    const partial = item("b", { apiVersion: "meta.k8s.io/v1", kind: "PartialObjectMetadata" });
    const metadata = { resourceVersion: "10", continue: "" };
    const body = { kind: "PartialObjectMetadataList", metadata, items: [whole, partial] } as Json; // as it is written
    const said = (type: string, object: object): string => `${JSON.stringify({ type, object })}\n`;
    const told = watch([
      said("ADDED", { ...whole, apiVersion: "t.example.com/v1", kind: "Widget" }),
      said("MODIFIED", partial),
      said("BOOKMARK", { ...partial, metadata: { resourceVersion: "20" } }),
      errorEvent(500, "InternalError"),
    ]);
    const cluster = new ScriptedCluster([{ asked: "list", answer: { ok: true, status: 200, body } }, told]);
    const [objects, printed]: [Json[], string[]] = [[], []];
    const subscription = reflect(cluster, { resource: WIDGETS, metadataOnly: true }, OPTIONS).subscribe((signal) => {
      printed.push(print(signal));
      if (signal.type === "page") objects.push(...signal.objects.map(asJson));
      if (signal.type === "changed") objects.push(asJson(signal.object));
    });
    await cluster.over.promise.finally(() => subscription.unsubscribe());
    const widget = (name: string) => ({
      ...{ apiVersion: "t.example.com/v1", kind: "Widget" },
      metadata: { name, resourceVersion: "1" },
    });
    expect(objects).toEqual([widget("a"), widget("b"), widget("a"), widget("b")]);
    expect(printed.slice(-2)).toEqual(["bookmark 20", "reopened failed"]);
    expect(cluster.asked.slice(0, 2).map(({ accept }) => accept)).toEqual([
      "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=1,application/json",
      "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=1,application/json",
    ]);
  });

  it("that is refused says why, and is asked for again", async () => {
    const { requests, signals } = await play([refusedList(REFUSAL), page("10", ["a"])]);
    expect(requests).toEqual(["list", "list", "watch from 10"]);
    expect(signals).toEqual(["listing", "failed 403 you may not", ...LISTED]);
  });

  it("that fails half-way begins anew, with its first page", async () => {
    const gone = { ...REFUSAL, status: 410, message: "the continue token is too old" };
    const { requests, signals } = await play([page("9", ["a", "b"], "more"), refusedList(gone), page("10", ["a"])]);
    expect(requests).toEqual(["list", "list on from more", "list", "watch from 10"]);
    expect(signals).toEqual(["listing", "page a b", "failed 410 the continue token is too old", ...LISTED]);
  });

  it.each<[string, Json]>([
    ["nothing", null],
    ["a Status", { kind: "Status", apiVersion: "v1", status: "Failure", metadata: {} }],
    ["a list without a resourceVersion", { kind: "WidgetList", apiVersion: "v1", metadata: {}, items: [] }],
    ["a list whose items are no objects", { kind: "WidgetList", metadata: { resourceVersion: "9" }, items: ["a"] }],
    ["a list whose items are no list", { kind: "WidgetList", metadata: { resourceVersion: "9" }, items: {} }],
  ])("that is answered with %s is a failure, never an empty list", async (_, body) => {
    const { signals } = await play([{ asked: "list", answer: { ok: true, status: 200, body } }, page("10", ["a"])]);
    expect(signals).toEqual(["listing", expect.stringMatching(/^failed 0 the answer to /), ...LISTED]);
  });

  it("waits as long as the server asked for before it is asked for again", async () => {
    const start = performance.now();
    await play([refusedList({ ...REFUSAL, status: 429, retryAfter: 60 }), page("10", ["a"])]);
    expect(performance.now() - start).toBeGreaterThanOrEqual(58); // timers may be early by a millisecond
  });
});

describe("a watch", () => {
  it("reports what changes, what goes, and how far it is", async () => {
    const lines = [event("ADDED", "b", "11"), event("MODIFIED", "a", "12"), event("DELETED", "b", "13")];
    const { signals } = await play([page("10", ["a"]), watch([...lines, event("BOOKMARK", "", "20")])]);
    expect(signals).toEqual([
      ...LISTED,
      "changed b 11",
      "changed a 12",
      "deleted b 13",
      "bookmark 20",
      "reopened ended",
    ]);
  });

  it("asks for bookmarks, and for the same selection as the list", async () => {
    const cluster = new ScriptedCluster([page("10", ["a"])]);
    const selection = { resource: WIDGETS, namespace: "shop", labelSelector: "a=b", name: "c" };
    const subscription = reflect(cluster, selection, OPTIONS).subscribe();
    await cluster.over.promise.finally(() => subscription.unsubscribe());
    for (const request of cluster.asked)
      expect(request).toMatchObject({
        path: "/apis/t.example.com/v1/namespaces/shop/widgets",
        query: { labelSelector: "a=b", fieldSelector: "metadata.name=c" },
      });
    expect(cluster.asked[1]?.query).toMatchObject({ watch: "true", allowWatchBookmarks: "true" });
  });

  it.each<["end" | "reset", string]>([
    ["end", "reopened ended"],
    ["reset", "reopened failed"],
  ])("that ends by %s goes on from the last event, without a list", async (then, reopened) => {
    const { requests, signals } = await play([
      page("10", ["a"]),
      watch([event("BOOKMARK", "", "20"), event("ADDED", "b", "21")], then),
      watch([event("ADDED", "c", "22")]),
    ]);
    expect(requests).toEqual(["list", "watch from 10", "watch from 21", "watch from 22"]);
    expect(signals).toEqual([...LISTED, "bookmark 20", "changed b 21", reopened, "changed c 22", "reopened ended"]);
  });

  it("goes on from the last bookmark when that came later", async () => {
    const lines = [event("ADDED", "b", "11"), event("BOOKMARK", "", "40")];
    expect((await play([page("10", ["a"]), watch(lines, "reset")])).requests).toContain("watch from 40");
  });

  it("that ends before it said anything goes on from the list", async () => {
    const { requests } = await play([page("10", ["a"]), watch([], "reset"), watch([], "end")]);
    expect(requests).toEqual(["list", "watch from 10", "watch from 10", "watch from 10"]);
  });

  it("that is silent is opened again from where it was", async () => {
    const { requests, signals } = await play(
      [page("10", ["a"]), watch([event("ADDED", "b", "11")], "silence"), watch([event("ADDED", "c", "12")])],
      { ...OPTIONS, silence: 50 },
    );
    expect(requests).toEqual(["list", "watch from 10", "watch from 11", "watch from 12"]);
    expect(signals).toEqual([...LISTED, "changed b 11", "reopened silent", "changed c 12", "reopened ended"]);
  });

  it("that never says anything begins with a list: the server may have gone back to before its resourceVersion", async () => {
    const { requests, signals } = await play(
      [page("10", ["a"]), watch([event("ADDED", "b", "11")]), watch([], "silence"), page("5", ["a"])],
      { ...OPTIONS, silence: 50 },
    );
    expect(requests).toEqual(["list", "watch from 10", "watch from 11", "list", "watch from 5"]);
    const told = ["changed b 11", "reopened ended", "reopened silent", "listing", "page a", "synced 5"];
    expect(signals).toEqual([...LISTED, ...told]);
  });

  it.each([
    ["refused", 403],
    ["not answered", 0],
    ["throttled", 429],
    ["met with an error of the server", 500],
  ])("that is %s says why, and is asked for again from where it was", async (_, status) => {
    const { requests, signals } = await play([
      page("10", ["a"]),
      { asked: "watch", failure: { ...REFUSAL, status } },
      watch([event("ADDED", "b", "11")]),
    ]);
    expect(requests).toEqual(["list", "watch from 10", "watch from 10", "watch from 11"]);
    const told = [`failed ${status} you may not`, "recovered", "changed b 11", "reopened ended"];
    expect(signals).toEqual([...LISTED, ...told]);
  });

  it("says once that it is open again, however often it was refused", async () => {
    const refused: Turn = { asked: "watch", failure: REFUSAL };
    const { signals } = await play([page("10", ["a"]), refused, refused, watch([]), watch([])]);
    const failed = "failed 403 you may not";
    expect(signals).toEqual([...LISTED, failed, failed, "recovered", "reopened ended", "reopened ended"]);
  });

  it("that is refused with 404, since the kind is gone, begins with a list when it is back", async () => {
    const missing = { ...REFUSAL, status: 404, message: "no such thing" };
    const { requests, signals } = await play([page("10", ["a"]), { asked: "watch", failure: missing }]);
    expect(requests).toEqual(["list", "watch from 10", "list"]);
    expect(signals).toEqual([...LISTED, "failed 404 no such thing", "listing"]);
  });
});

describe("a resourceVersion", () => {
  const refusals: [string, Turn][] = [
    ["too old, as an event", watch([event("ADDED", "b", "11"), errorEvent(410, "Expired")])],
    ["too old, as a refusal", { asked: "watch", failure: { ...REFUSAL, status: 410, reason: "Expired" } }],
    ["too large, as an event", watch([event("ADDED", "b", "11"), errorEvent(504, "Timeout")])],
    ["too large, as a refusal", { asked: "watch", failure: { ...REFUSAL, status: 504, reason: "Timeout" } }],
  ];

  it.each(refusals)("that is %s leads to a new list", async (_, refusal) => {
    const { requests, signals } = await play([page("10", ["a"]), refusal, page("30", ["c"])]);
    expect(requests).toEqual(["list", "watch from 10", "list", "watch from 30"]);
    expect(signals.slice(-4)).toEqual(["reopened expired", "listing", "page c", "synced 30"]);
  });
});

describe("another error in the stream", () => {
  it("is no reason for a list", async () => {
    const lines = [event("ADDED", "b", "11"), errorEvent(500, "InternalError")];
    const { requests, signals } = await play([page("10", ["a"]), watch(lines)]);
    expect(requests).toEqual(["list", "watch from 10", "watch from 11"]);
    expect(signals).toEqual([...LISTED, "changed b 11", "reopened failed"]);
  });

  const whole = event("ADDED", "c", "12");
  it.each([
    ["a document cut off by the end", whole.slice(0, 30), "ended"],
    ["a document cut off by a new line", `${whole.slice(0, 30)}\n`, "failed"],
    ["a line that is no document", "<html>\n", "failed"],
    ["an event without a resourceVersion", '{"type":"ADDED","object":{"metadata":{"name":"c"}}}\n', "failed"],
    ["an event of no known type", event("LOGIN", "c", "12"), "failed"],
    ["an event without an object", '{"type":"ADDED"}\n', "failed"],
  ])("such as %s loses nothing", async (_, cut, because) => {
    const first = watch([event("ADDED", "b", "11"), cut]);
    const { requests, signals } = await play([page("10", ["a"]), first, watch([whole])]);
    expect(requests).toEqual(["list", "watch from 10", "watch from 11", "watch from 12"]);
    expect(signals).toEqual([...LISTED, "changed b 11", `reopened ${because}`, "changed c 12", "reopened ended"]);
  });
});

describe("chunks", () => {
  it("may end anywhere, also within a character", async () => {
    const cluster = new ScriptedCluster([page("10", ["a"])]);
    const bytes = Buffer.from(event("ADDED", "größer", "11") + event("ADDED", "b", "12"));
    const pieces: ClusterClient = {
      send: (request) => cluster.send(request),
      stream: async (request, signal) =>
        request.query?.resourceVersion === "10" ? { ok: true, body: bytewise(bytes) } : cluster.stream(request, signal),
      close: async () => {},
    };
    const signals: string[] = [];
    const subscription = reflect(pieces, { resource: WIDGETS }, OPTIONS).subscribe((s) => signals.push(print(s)));
    await cluster.over.promise.finally(() => subscription.unsubscribe());
    expect(signals).toEqual([...LISTED, "changed größer 11", "changed b 12", "reopened ended"]);
  });
});

async function* bytewise(bytes: Buffer): AsyncGenerator<Buffer> {
  for (const byte of bytes) yield Buffer.from([byte]);
}

describe("unsubscribing", () => {
  /** Unsubscribes at the first signal that is such, and waits for what should not come. */
  async function playUntil(last: string, turns: readonly Turn[]): Promise<{ requests: string[]; signals: string[] }> {
    const cluster = new ScriptedCluster(turns);
    const signals: string[] = [];
    await new Promise<void>((resolve) => {
      const subscription = reflect(cluster, { resource: WIDGETS }, OPTIONS).subscribe((signal) => {
        signals.push(print(signal));
        if (print(signal) !== last) return;
        queueMicrotask(() => subscription.unsubscribe());
        resolve();
      });
    });
    await delay(30); // many times the backoff
    return { requests: cluster.requests, signals };
  }

  it.each<[string, string, Turn[], string[]]>([
    ["a list", "page a", [page("9", ["a"], "more"), page("10", ["b"], "still more")], ["list", "list on from more"]],
    [
      "a watch",
      "changed b 11",
      [page("10", []), watch([event("ADDED", "b", "11")], "silence")],
      ["list", "watch from 10"],
    ],
    ["the wait after a failure", "failed 403 you may not", [refusedList(REFUSAL)], ["list"]],
  ])("during %s asks for nothing more and says nothing more", async (_, last, turns, requests) => {
    const played = await playUntil(last, turns);
    expect(played.requests).toEqual(requests);
    expect(played.signals.at(-1)).toBe(last);
  });
});
