import { describe, expect, it } from "vitest";
import type { Call } from "../rule/index.ts";
import { createCallResults } from "./call-results.ts";

function callOf(key: string): Call {
  return { key, method: "GET", url: `/${key}`, body: undefined, service: undefined };
}

describe("what calls came to", () => {
  it("is kept up to a bound, past which an answer is none", () => {
    const results = createCallResults(10);
    results.set(callOf("a"), { ok: true, value: "1" }, 6);
    results.set(callOf("b"), { ok: true, value: "2" }, 6);
    expect(results.get(callOf("a"))).toEqual({ ok: true, value: "1" });
    expect(results.get(callOf("b"))).toMatchObject({ ok: false, message: expect.stringContaining("together") });
    results.forget(callOf("a"));
    results.set(callOf("b"), { ok: true, value: "2" }, 6);
    results.set(callOf("b"), { ok: true, value: "3" }, 10);
    expect(results.get(callOf("b"))).toEqual({ ok: true, value: "3" });
  });
});
