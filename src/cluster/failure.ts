/** Why a request to the API server did not do what was asked. A value, never thrown. */

import { isJsonObject, type Json } from "../object/index.ts";

export type ApiFailure = {
  /** HTTP status; 0 when there was no answer at all. */
  status: number;
  /** The server's reason, such as `Conflict` or `NotFound`; `Unreachable` without an answer. */
  reason: string;
  /** The server's words. */
  message: string;
  /** From Retry-After, in milliseconds; a minute at the most. */
  retryAfter?: number;
  /** `status.details.kind`: which kind of thing is missing, such as `namespaces`. */
  kind?: string;
  /** `status.details.causes` of the server's answer: which field, and why. */
  causes: readonly { reason: string; message: string; field: string }[];
};

export function unreachable(error: unknown): ApiFailure {
  const cause = error instanceof Error ? error : new Error(String(error));
  if (cause.name === "TimeoutError")
    return { status: 0, reason: "Unreachable", message: "no answer in time", causes: [] };
  if (cause instanceof SyntaxError)
    // which has a part of the answer in its message
    return { status: 0, reason: "Unreachable", message: "the answer is no JSON", causes: [] };
  const code = "code" in cause && typeof cause.code === "string" ? `${cause.code}: ` : "";
  return { status: 0, reason: "Unreachable", message: `${code}${cause.message}`, causes: [] };
}

/** Seconds. An API server asks for a few; a load balancer may ask for hours, in which nothing would be watched. */
const LONGEST_WAIT = 60;

/** The failure in an answer with a status of 400 or more, whose body is a `Status` object or anything else. */
export function failureOf(status: number, body: string, retryAfter: string | undefined): ApiFailure {
  const parsed = parseStatus(body);
  const details = isJsonObject(parsed.details) ? parsed.details : {};
  const failure: ApiFailure = {
    status,
    reason: typeof parsed.reason === "string" ? parsed.reason : "",
    message: typeof parsed.message === "string" ? parsed.message : `HTTP ${status}: ${body.slice(0, 200)}`,
    ...(typeof details.kind === "string" ? { kind: details.kind } : {}),
    causes: Array.isArray(details.causes) ? details.causes.filter(isJsonObject).map(causeOf) : [],
  };
  const seconds = retryAfter === undefined ? Number.NaN : Number(retryAfter);
  return Number.isFinite(seconds) ? { ...failure, retryAfter: Math.min(seconds, LONGEST_WAIT) * 1000 } : failure;
}

/** An answer that is no answer to what was asked: taken for a failure, never for "there is nothing". */
export function unexpected(path: string, what: string): ApiFailure {
  return { status: 0, reason: "Unreachable", message: `the answer to ${path} is ${what}`, causes: [] };
}

export function printFailure(failure: ApiFailure): string {
  return failure.status === 0 ? `the API server does not answer (${failure.message})` : failure.message;
}

function causeOf(cause: { [key: string]: Json }): ApiFailure["causes"][number] {
  return { reason: String(cause.reason ?? ""), message: String(cause.message ?? ""), field: String(cause.field ?? "") };
}

function parseStatus(body: string): { [key: string]: Json } {
  try {
    const parsed: unknown = JSON.parse(body);
    return isJsonObject(parsed) ? parsed : {};
  } catch {
    return {}; // a proxy's HTML page, or an answer that was cut off
  }
}
