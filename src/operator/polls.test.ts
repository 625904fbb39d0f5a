import { describe, expect, it } from "vitest";
import type { Call } from "../rule/index.ts";
import { type ClaimKey, createCallResults } from "../state/index.ts";
import { createPolls, type PollsOptions } from "./polls.ts";

function callOf(key: string): Call {
  return { key, method: "GET", url: `/${key}`, body: undefined, service: undefined };
}

const [A, B] = [callOf("a"), callOf("b")];
const [ONE, TWO] = ["one" as ClaimKey, "two" as ClaimKey]; // names are enough here

/** Polls whose calls are answered by hand. */
function startPolls(more: Partial<PollsOptions> = {}) {
  const asked: string[] = [];
  const told: string[] = [];
  const open: ((value: string | undefined) => void)[] = [];
  const results = createCallResults();
  const options: PollsOptions = {
    ...{ results, interval: 20, mayAsk: () => true, onCalled: () => {} },
    onAnswered: (call, claims) => told.push(`${call.key}: ${[...claims].join(",")}`),
    make: (call) => {
      asked.push(call.key);
      return new Promise((resolve) => {
        open.push((value) => {
          const failed = { ok: false as const, message: "no" };
          resolve({ result: value === undefined ? failed : { ok: true, value }, size: 1 });
        });
      });
    },
    ...more,
  };
  const polls = createPolls(options);
  const until = async (isTrue: () => boolean): Promise<void> => {
    const end = performance.now() + 5_000;
    while (!isTrue() && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 1));
    expect(isTrue()).toBe(true);
  };
  return { polls, asked, told, results, until, answer: (value?: string) => open.shift()?.(value) };
}

describe("polls", () => {
  it("ask once what two claims need, tell both, and ask again", async () => {
    const { polls, asked, told, results, until, answer } = startPolls();
    polls.need(ONE, [A]);
    polls.need(TWO, [A]);
    expect(asked).toEqual(["a"]);
    answer("1");
    await until(() => told.length === 1);
    expect(told).toEqual(["a: one,two"]);
    expect(results.get(A)).toEqual({ ok: true, value: "1" });
    await until(() => asked.length === 2);
    answer();
    await until(() => told.length === 2);
    expect(results.get(A)).toMatchObject({ ok: false });
    polls.stop();
  });

  it("tell a claim once all that it asks is answered", async () => {
    const { polls, told, results, until, answer } = startPolls({ interval: 60_000 });
    polls.need(ONE, [A, B]);
    polls.need(TWO, [A]);
    answer("1");
    await until(() => told.length === 1);
    expect(told).toEqual(["a: two"]);
    expect(results.get(A)).toEqual({ ok: true, value: "1" });
    answer("2");
    await until(() => told.length === 2);
    expect(told).toEqual(["a: two", "b: one"]);
    polls.stop();
  });

  it("forget what nobody needs any more, also while it is asked", async () => {
    const { polls, asked, told, results, until, answer } = startPolls();
    polls.need(ONE, [A, B]);
    answer("1");
    await until(() => results.get(A) !== undefined);
    polls.need(ONE, []);
    expect(results.get(A)).toBeUndefined();
    answer("2");
    polls.need(ONE, [B]);
    answer("3");
    await until(() => told.length === 1);
    expect(results.get(B)).toEqual({ ok: true, value: "3" });
    expect(asked).toEqual(["a", "b", "b"]);
    polls.stop();
  });

  it("wait until they may ask", async () => {
    let leads = false;
    const { polls, asked } = startPolls({ mayAsk: () => leads });
    polls.need(ONE, [A]);
    expect(asked).toEqual([]);
    leads = true;
    polls.wake();
    expect(asked).toEqual(["a"]);
    polls.stop();
  });

  it("ask no more than eight things at once of one host, and others meanwhile", async () => {
    const { polls, asked, until, answer } = startPolls({ interval: 60_000 });
    const slow = Array.from({ length: 9 }, (_, i) => callOf(`slow${i}`));
    polls.need(ONE, slow);
    const other = { ...callOf("other"), url: "https://a.example.com/", service: { headers: {}, caBundle: undefined } };
    polls.need(TWO, [other]);
    expect(asked).toEqual([...slow.slice(0, 8).map(({ key }) => key), "other"]);
    answer("1");
    await until(() => asked.length === 10);
    expect(asked.at(-1)).toBe("slow8");
    polls.stop();
  });
});
