/** Makes the calls of rules: to the API server as ourselves, to services as nobody. */

import { type ApiRequest, type ClusterClient, callService, printFailure } from "../cluster/index.ts";
import { isJsonObject, type Json, parseJson, printJson } from "../object/index.ts";
import { type Call, type CallResult, withoutInstallationKey } from "../rule/index.ts";

/** `size`: bytes of the answer. */
export type Called = { result: CallResult; size: number };

/** Never rejects. `signal`: nobody waits for the answer any more. */
export type MakeCall = (call: Call, signal: AbortSignal) => Promise<Called>;

/** Bytes of one answer, and milliseconds until there has to be one. */
const LARGEST = 2 * 1024 * 1024;
const TIMEOUT = 30_000;
/** More levels than any answer has that people read. */
const DEEPEST = 100;

export function createCaller(client: ClusterClient): MakeCall {
  return (call, signal) => {
    const { service } = call;
    return service === undefined ? askApiServer(client, call) : askService(call, { service, signal });
  };
}

/** Who is asked: calls to one host wait for each other, and for no others. */
export function laneOf({ url, service }: Call): string {
  return service === undefined ? "" : new URL(url).origin;
}

async function askApiServer(client: ClusterClient, { method, url, body }: Call): Promise<Called> {
  const sent: Partial<ApiRequest> = body === undefined ? {} : { body: parseJson(body) };
  const answer = await client.send({ method, path: url, timeout: TIMEOUT, largest: LARGEST, ...sent });
  if (!answer.ok) return failedWith(printFailure(answer.failure));
  if (isTooDeep(answer.body, DEEPEST)) return failedWith(TOO_DEEP);
  const value = withoutInstallationKey(answer.body);
  return { result: { ok: true, value }, size: printJson(value).length };
}

async function askService(
  { method, url, body }: Call,
  { service, signal }: { service: NonNullable<Call["service"]>; signal: AbortSignal },
): Promise<Called> {
  const request = { method, url, body, ...service, largest: LARGEST };
  const answer = await callService(request, { timeout: TIMEOUT, signal });
  if (!answer.ok) return failedWith(answer.message);
  const value = parsed(answer.text);
  if (value === undefined) return failedWith("the answer is no JSON");
  return isTooDeep(value, DEEPEST) ? failedWith(TOO_DEEP) : { result: { ok: true, value }, size: answer.text.length };
}

const TOO_DEEP = `the answer is nested more than ${DEEPEST} levels deep`;

function failedWith(message: string): Called {
  return { result: { ok: false, message }, size: 0 };
}

function parsed(text: string): Json | undefined {
  try {
    return parseJson(text);
  } catch {
    return undefined; // what the error says has a part of the answer in it
  }
}

function isTooDeep(value: Json, levels: number): boolean {
  if (!isJsonObject(value) && !Array.isArray(value)) return false;
  return levels === 0 || Object.values(value).some((child) => isTooDeep(child, levels - 1));
}
