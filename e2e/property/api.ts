/** The API server as an administrator, also while it comes and goes: what is asked is asked until it is answered. */

import { readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { Agent, request } from "undici";
import type { JsonObject } from "../../src/object/index.ts";
import type { ControlPlane } from "../control-plane/index.ts";

export type Answer = {
  status: number;
  body: JsonObject;
  /** It was asked more than once: what the answer says may be the doing of the first time. */
  repeated: boolean;
};

export type Ask = {
  method: "GET" | "POST" | "PATCH" | "DELETE";
  path: string;
  body?: unknown;
  contentType?: "application/json" | "application/merge-patch+json" | "application/apply-patch+yaml";
};

export interface Api extends AsyncDisposable {
  /** Every answer of the server but "not now" is an answer. Rejects when there was none for a minute. */
  ask(ask: Ask): Promise<Answer>;
}

const PATIENCE = 60_000;
const BETWEEN_TRIES = 100;

export async function connect({ url, caFile, token }: ControlPlane): Promise<Api> {
  const ca = await readFile(caFile, "utf8");
  const dispatcher = new Agent({ connect: { ca }, connections: 16 });
  const send = async ({
    method,
    path,
    body,
    contentType = "application/json",
  }: Ask): Promise<Omit<Answer, "repeated">> => {
    const { statusCode, body: answer } = await request(`${url}${path}`, {
      dispatcher,
      method,
      headers: { authorization: `Bearer ${token}`, "content-type": contentType, accept: "application/json" },
      signal: AbortSignal.timeout(10_000),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: statusCode, body: (await answer.json()) as JsonObject }; // the API server answers with objects
  };
  return {
    ask: (ask) => askUntilAnswered(() => send(ask), `${ask.method} ${ask.path}`),
    [Symbol.asyncDispose]: () => dispatcher.close(),
  };
}

async function askUntilAnswered(send: () => Promise<Omit<Answer, "repeated">>, what: string): Promise<Answer> {
  const end = performance.now() + PATIENCE;
  for (let repeated = false; ; repeated = true) {
    const answer = await send().catch((error: unknown) => error);
    if (isAnswer(answer) && !isNotNow(answer.status)) return { ...answer, repeated };
    if (performance.now() > end) throw new Error(`${what}: no answer`, { cause: answer });
    await delay(BETWEEN_TRIES);
  }
}

function isAnswer(answer: unknown): answer is Omit<Answer, "repeated"> {
  return typeof answer === "object" && answer !== null && "status" in answer && "body" in answer;
}

function isNotNow(status: number): boolean {
  return status === 429 || status >= 500;
}
