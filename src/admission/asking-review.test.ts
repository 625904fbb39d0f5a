import { expect, it } from "vitest";
import type { Json, JsonObject, KubernetesObject } from "../object/index.ts";
import { parsePolicy } from "../policy/index.ts";
import { type Call, type CallResult, type CompiledPolicy, compilePolicy } from "../rule/index.ts";
import type { AdmissionAnswer } from "../webhook/index.ts";
import { type AskingOptions, reviewAsking } from "./asking-review.ts";

const MAPS = {
  group: "",
  version: "v1",
  kind: "ConfigMap",
  plural: "configmaps",
  namespaced: true,
  verbs: ["list", "watch"],
};
const OBJECT: KubernetesObject = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "m", namespace: "shop" } };

/** Sets a label to what the last of its context entries gives. */
function asking(context: { name: string; apiCall: JsonObject }[], spec: JsonObject = {}): CompiledPolicy {
  const match = { any: [{ resources: { kinds: ["ConfigMap"] } }] };
  const mutate = { patchStrategicMerge: { metadata: { labels: { got: `{{ ${context.at(-1)?.name} }}` } } } };
  const parsed = parsePolicy({
    ...{ apiVersion: "perennial.dev/v1", kind: "ClusterPolicy", metadata: { name: "p" } },
    spec: { ...spec, rules: [{ name: "ask", match, context, mutate }] },
  } as Json as JsonObject);
  const served = { find: () => MAPS, all: () => [MAPS] };
  const compiled = "policy" in parsed ? compilePolicy(parsed.policy, served) : parsed;
  return "policy" in compiled ? compiled.policy : expect.fail(JSON.stringify(compiled.issues));
}

function get(name: string, path: string): { name: string; apiCall: JsonObject } {
  return { name, apiCall: { service: { url: `https://192.0.2.1/${path}` } } };
}

/** Services that answer as it is written; `asked`: the paths that were asked, round by round. */
function viewOf(answers: { [path: string]: Json }) {
  const asked: string[][] = [];
  const view: AskingOptions["view"] = {
    namespaceLabels: () => ({}),
    snapshot: (given) => {
      const open: Call[] = [];
      return {
        environment: { now: () => new Date(0), hash: () => "" },
        ...{ numbers: () => () => 0, firstApplied: () => new Date(0), creator: () => ({ unknown: "nobody asks" }) },
        ...{ read: () => undefined, list: () => [] },
        ...{ look: () => ({ ok: true, value: null }), open },
        get unknown() {
          return open.length > 0 ? "the answer to a call" : undefined;
        },
        call: ({ call, answer }) => {
          const result = given?.resultOf(call);
          if (result === undefined) open.push(call);
          return answer(result ?? { ok: false, message: "not known yet" }).value;
        },
      };
    },
    calls: {
      recent: () => undefined,
      ask: async (calls) => {
        asked.push(calls.map(({ url }) => new URL(url).pathname.slice(1)));
        return new Map(calls.map((call): [string, CallResult] => [call.key, resultOf(answers, call)]));
      },
    },
  };
  return { view, asked };
}

function resultOf(answers: { [path: string]: Json }, { url }: Call): CallResult {
  const value = answers[new URL(url).pathname.slice(1)];
  return value === undefined ? { ok: false, message: "503" } : { ok: true, value };
}

async function review(policy: CompiledPolicy, view: AskingOptions["view"], fields: JsonObject = {}) {
  const request = { uid: "1", operation: "CREATE" as const, object: OBJECT, oldObject: undefined, fields };
  return reviewAsking(request, { view, policies: [policy], timeout: 10 });
}

function got(answer: AdmissionAnswer): Json {
  if (!answer.allowed) return answer.message;
  const [step] = answer.patch ?? [];
  return step === undefined || step.op === "remove" ? null : step.value;
}

it("asks what it has to know, and then what depends on that", async () => {
  const { view, asked } = viewOf({ team: "red", "of-red": "yes" });
  const policy = asking([get("team", "team"), get("x", "of-{{ team }}")]);
  expect(got(await review(policy, view))).toEqual({ got: "yes" });
  expect(asked).toEqual([["team"], ["of-red"]]);
});

it("answers at once where nothing has to be asked", () => {
  const { view } = viewOf({});
  const policy = asking([{ name: "x", apiCall: { urlPath: "/api/v1/configmaps" } }]);
  const request = { uid: "1", operation: "CREATE" as const, object: OBJECT, oldObject: undefined, fields: {} };
  expect(reviewAsking(request, { view, policies: [policy], timeout: 10 })).not.toBeInstanceOf(Promise);
});

it("fails where a call does, as the failurePolicy says", async () => {
  const { view } = viewOf({});
  expect(got(await review(asking([get("x", "down")]), view))).toMatch(/^policy p, rule ask: ContextMissing: .*503/);
  const lenient = await review(asking([get("x", "down")], { failurePolicy: "Ignore" }), view);
  expect([lenient.allowed, lenient.warnings.join()]).toEqual([true, expect.stringContaining("503")]);
});

it("asks for no longer than the API server waits, however much there is to ask", async () => {
  const entries = Array.from({ length: 40 }, (_, i) => get(`x${i}`, i === 0 ? "0" : `{{ x${i - 1} }}`));
  const answers = Object.fromEntries(entries.map((_, i) => [String(i), String(i + 1)]));
  const { view, asked } = viewOf(answers);
  expect(got(await review(asking(entries), view))).toMatch(/there was no time left to ask/);
  expect(asked).toHaveLength(32);
});

it("sends nothing to a service in a dry run, and asks as ever", async () => {
  const { view, asked } = viewOf({ x: "yes" });
  const sending = { name: "x", apiCall: { method: "POST", data: [], ...get("x", "x").apiCall } };
  expect(got(await review(asking([sending]), view))).toEqual({ got: "yes" });
  expect(got(await review(asking([sending]), view, { dryRun: true }))).toMatch(/in a dry run nothing is sent/);
  const defaulted = { name: "x", apiCall: { ...sending.apiCall, default: "unsure" } };
  expect(got(await review(asking([defaulted]), view, { dryRun: true }))).toEqual({ got: "unsure" });
  expect(got(await review(asking([get("x", "x")]), view, { dryRun: true }))).toEqual({ got: "yes" });
  expect(asked).toHaveLength(2);
});
