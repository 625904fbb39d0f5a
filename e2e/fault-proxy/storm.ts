/** Faults of all kinds, at random: what a bad network and a restless control plane do to a client. */
import { setTimeout as delay } from "node:timers/promises";
import {
  errorLine,
  type FaultRule,
  type LineFault,
  type ProxiedRequest,
  type RequestFault,
  statusBody,
} from "./fault.ts";

/** A number from 0 to below 1. */
export type RandomSource = () => number;

export interface StormOptions {
  readonly random: RandomSource;
  /** The share of requests, and of lines of watches, that are struck. */
  readonly requests: number;
  readonly lines: number;
  /** Told of each strike. */
  readonly onStrike?: (fault: string) => void;
}

export function stormRule({ random, requests, lines, onStrike = () => {} }: StormOptions): FaultRule {
  const told = <F extends { readonly fault: string }>(fault: F): F => {
    onStrike(fault.fault);
    return fault;
  };
  return {
    request: (request) => (random() < requests ? told(requestFault(request, random)) : undefined),
    line: ({ type }) => (random() < lines ? told(lineFault(type, random)) : undefined),
  };
}

type Weighted<F> = readonly (readonly [weight: number, fault: () => F])[];

function pick<F>(choices: Weighted<F>, random: RandomSource): F {
  let rest = random() * choices.reduce((sum, [weight]) => sum + weight, 0);
  for (const [weight, fault] of choices) {
    rest -= weight;
    if (rest < 0) return fault();
  }
  throw new Error("nothing to pick from");
}

function requestFault(request: ProxiedRequest, random: RandomSource): RequestFault {
  return pick(request.isWatch ? [...ANY, ...OF_WATCHES] : [...ANY, ...OF_REQUESTS(random)], random);
}

function answer(status: number, reason: string, message: string, headers: { [name: string]: string } = {}) {
  return () => ({ fault: "answer", status, body: statusBody(status, reason, message), headers }) as const;
}

const ANY: Weighted<RequestFault> = [
  [4, () => ({ fault: "reset" })],
  [2, answer(503, "ServiceUnavailable", "apiserver is shutting down")],
  [1, answer(500, "InternalError", "etcdserver: request timed out")],
  [1, answer(429, "TooManyRequests", "too many requests", { "retry-after": "1" })],
  [1, answer(401, "Unauthorized", "Unauthorized")],
  [1, () => ({ fault: "answer", status: 502, body: "<html>Bad Gateway</html>" })],
  [1, () => ({ fault: "answer", status: 200, body: "<html>Please log in</html>" })],
  [1, () => ({ fault: "answer", status: 200, body: '{"error":"please log in"}' })],
];

const OF_WATCHES: Weighted<RequestFault> = [
  [3, answer(410, "Expired", "too old resource version: 1 (2)")],
  [1, answer(504, "Timeout", "Timeout: Too large resource version: 9, current: 1")],
];

const OF_REQUESTS = (random: RandomSource): Weighted<RequestFault> => [
  [4, () => ({ fault: "lose-answer" })],
  [2, () => ({ fault: "cut-answer" })],
  [4, () => ({ fault: "hold", until: delay(random() * 1_000) })],
  [0.2, () => ({ fault: "stall" })],
];

/** A connection may end anywhere, but what came before has come: only bookmarks are ever left out. */
function lineFault(type: string, random: RandomSource): LineFault {
  return type === "BOOKMARK" ? { fault: "swallow" } : pick(AT_LINES, random);
}

const AT_LINES: Weighted<LineFault> = [
  [3, () => ({ fault: "reset" })],
  [3, () => ({ fault: "cut" })],
  [2, () => ({ fault: "end" })],
  [1, () => ({ fault: "stall" })],
  [1, () => ({ fault: "say", line: errorLine(410, "Expired", "too old resource version: 1 (2)") })],
  [1, () => ({ fault: "say", line: errorLine(500, "InternalError", "an internal error") })],
];
