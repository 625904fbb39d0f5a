/** One request through the proxy: on to the API server and back, unless a fault strikes. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { type Agent, request as sendUpstream } from "node:https";
import type { Socket } from "node:net";
import { buffer } from "node:stream/consumers";
import type { LineFault, ProxiedRequest, RequestFault, WatchLine } from "./fault.ts";
import { linesOf, readLine } from "./lines.ts";

/** What an exchange needs of the proxy. */
export interface ExchangeContext {
  readonly upstream: URL;
  readonly agent: Agent;
  /** Resolves while nothing is frozen. */
  pass(): Promise<void>;
  /** Which fault strikes, counted as one that did. */
  strikeRequest(request: ProxiedRequest): RequestFault | undefined;
  strikeLine(line: WatchLine, request: ProxiedRequest): LineFault | undefined;
  /** RST. */
  reset(socket: Socket): void;
}

export interface Exchange {
  readonly request: ProxiedRequest;
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
}

/** Resolves when the client has its answer, or will not get one. */
export async function carryOut(exchange: Exchange, context: ExchangeContext): Promise<void> {
  const { request, incoming, outgoing } = exchange;
  try {
    const body = await buffer(incoming);
    await context.pass();
    const fault = context.strikeRequest(request);
    switch (fault?.fault) {
      case "reset":
        return context.reset(incoming.socket);
      case "stall":
        return await closed(outgoing);
      case "answer":
        outgoing.writeHead(fault.status, fault.headers).end(fault.body);
        return;
      case "hold":
        await Promise.race([fault.until, closed(outgoing)]);
        if (outgoing.destroyed) return; // nobody waits for it any more
    }
    const answer = await ask(exchange, body, context, fault?.fault === "ask" ? fault.query : {});
    if (request.isWatch && isSuccess(answer)) await relayWatch(exchange, answer, context);
    else await relayWhole(exchange, answer, fault, context);
  } catch {
    context.reset(incoming.socket); // the API server is away, or its answer was cut off
  }
}

function isSuccess({ statusCode = 0 }: IncomingMessage): boolean {
  return statusCode >= 200 && statusCode < 300;
}

function closed(outgoing: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    if (outgoing.destroyed) resolve();
    else outgoing.once("close", resolve);
  });
}

/** What is of one connection only. */
const OF_THE_CONNECTION = ["connection", "keep-alive", "transfer-encoding"];

function ask(
  { request, incoming, outgoing }: Exchange,
  body: Buffer,
  { upstream, agent }: ExchangeContext,
  otherQuery: { readonly [name: string]: string },
): Promise<IncomingMessage> {
  const url = new URL(incoming.url ?? "", upstream);
  for (const [name, value] of Object.entries(otherQuery)) url.searchParams.set(name, value);
  const headers = { ...headersOf(incoming), host: upstream.host };
  return new Promise((resolve, reject) => {
    const sent = sendUpstream(url, { agent, method: request.method, headers }, resolve);
    sent.once("error", reject);
    if (request.isWatch) outgoing.once("close", () => sent.destroy());
    sent.end(body);
  });
}

function headersOf(message: IncomingMessage): IncomingMessage["headers"] {
  const headers = { ...message.headers };
  for (const name of OF_THE_CONNECTION) delete headers[name];
  return headers;
}

async function relayWhole(
  { request, incoming, outgoing }: Exchange,
  answer: IncomingMessage,
  fault: RequestFault | undefined,
  context: ExchangeContext,
): Promise<void> {
  const body = await buffer(answer);
  await context.pass();
  if (fault?.fault === "lose-answer") return context.reset(incoming.socket);
  outgoing.writeHead(answer.statusCode ?? 502, headersOf(answer));
  if (fault?.fault !== "cut-answer") {
    request.status = answer.statusCode ?? 0;
    outgoing.end(body);
    return;
  }
  await written(outgoing, body.subarray(0, body.length / 2));
  context.reset(incoming.socket);
}

async function relayWatch(
  { request, incoming, outgoing }: Exchange,
  answer: IncomingMessage,
  context: ExchangeContext,
): Promise<void> {
  outgoing.writeHead(answer.statusCode ?? 200, headersOf(answer)).flushHeaders();
  for await (const line of linesOf(answer)) {
    await context.pass();
    const fault = context.strikeLine(readLine(line), request);
    const half = line.subarray(0, line.length / 2);
    switch (fault?.fault) {
      case undefined:
        await written(outgoing, Buffer.concat([line, Buffer.from("\n")]));
        continue;
      case "swallow":
        continue;
      case "stall":
        return await closed(outgoing);
      case "cut":
        await written(outgoing, half);
        return context.reset(incoming.socket);
      case "reset":
        return context.reset(incoming.socket);
      case "end":
        outgoing.end(half);
        return;
      case "say":
        outgoing.end(`${fault.line}\n`);
        return;
    }
  }
  outgoing.end();
}

/** Returns when it is with the system: a reset would throw away what is not. */
function written(outgoing: ServerResponse, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    outgoing.write(bytes, (error) => (error ? reject(error) : resolve()));
  });
}
