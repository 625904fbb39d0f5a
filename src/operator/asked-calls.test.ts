import { setTimeout as delay } from "node:timers/promises";
import { expect, it } from "vitest";
import type { Call, CallResult } from "../rule/index.ts";
import { createAskedCalls } from "./asked-calls.ts";
import type { Called } from "./caller.ts";

/** Calls that are answered by hand. */
function started() {
  const open: { call: Call; signal: AbortSignal; answer(result: CallResult, size?: number): void }[] = [];
  const told: Call[] = [];
  const asked = createAskedCalls({
    make: (call, signal) =>
      new Promise<Called>((resolve) => {
        open.push({ call, signal, answer: (result, size = 1) => resolve({ result, size }) });
      }),
    onCalled: (call) => told.push(call),
  });
  return { asked, open, told };
}

function callOf(key: string, host = "192.0.2.1"): Call {
  const service = { headers: {}, caBundle: undefined };
  return { key, method: "GET", url: `https://${host}/${key}`, body: undefined, service };
}

const YES: CallResult = { ok: true, value: "yes" };
const PATIENT = 10_000;

async function turnOfEvents(): Promise<void> {
  await delay(0);
}

it("are made once for all who ask the same, and are known for a moment", async () => {
  const { asked, open, told } = started();
  const both = [asked.ask([callOf("a")], PATIENT), asked.ask([callOf("a")], PATIENT)];
  await turnOfEvents();
  expect(open).toHaveLength(1);
  open[0]?.answer(YES);
  expect(await Promise.all(both)).toEqual([new Map([["a", YES]]), new Map([["a", YES]])]);
  expect([asked.recent(callOf("a")), told.length]).toEqual([YES, 1]);
});

it("fail for who cannot wait, and are given up when nobody waits", async () => {
  const { asked, open } = started();
  const patient = asked.ask([callOf("a")], PATIENT);
  const results = await asked.ask([callOf("a")], 1);
  expect(results.get("a")).toMatchObject({ ok: false, message: expect.stringContaining("no answer in the time") });
  expect(open[0]?.signal.aborted).toBe(false);
  open[0]?.answer(YES);
  expect((await patient).get("a")).toEqual(YES);
  await asked.ask([callOf("b")], 1);
  expect(open[1]?.signal.aborted).toBe(true);
  expect(asked.recent(callOf("b"))).toBeUndefined();
});

it("are made a few at a time to one host, which holds up no other; who left before his turn is not asked for", async () => {
  const { asked, open } = started();
  const keys = Array.from({ length: 9 }, (_, i) => `k${i}`);
  const all = keys.map((key) => asked.ask([callOf(key)], key === "k8" ? 1 : PATIENT));
  const other = asked.ask([callOf("other", "192.0.2.2")], PATIENT);
  await all[8];
  expect(open.map(({ call }) => call.key)).toEqual([...keys.slice(0, 8), "other"]);
  for (const { answer } of open) answer(YES);
  await Promise.all([...all, other]);
  await turnOfEvents();
  expect(open).toHaveLength(9);
});

it("are not made while too many wait", async () => {
  const { asked, open } = started();
  const waiting = Array.from({ length: 100 }, (_, i) => asked.ask([callOf(`k${i}`, `h${i}`)], PATIENT));
  const results = await asked.ask([callOf("late")], PATIENT);
  expect(results.get("late")).toMatchObject({ ok: false, message: expect.stringContaining("100 requests wait") });
  await turnOfEvents();
  for (const { answer } of open) answer(YES);
  await Promise.all(waiting);
  expect(asked.recent(callOf("k99"))).toEqual(YES);
});

it("are not made when too much was answered just before", async () => {
  const { asked, open } = started();
  const first = asked.ask([callOf("a")], PATIENT);
  await turnOfEvents();
  open[0]?.answer(YES, 65 * 1024 * 1024);
  await first;
  const results = await asked.ask([callOf("b")], PATIENT);
  expect(results.get("b")).toMatchObject({ ok: false, message: expect.stringContaining("bytes were answered") });
  expect(open).toHaveLength(1);
});
