/**
 * One question to a service that a rule names. Whom we ask is for whoever writes policies to say, so nothing of ours goes
 * with it, no redirect is followed, and the address that is connected to is judged, whatever its name resolves to.
 */

import { lookup } from "node:dns";
import { isIP, type LookupFunction } from "node:net";
import { buildConnector, Client } from "undici";
import { createExchanges } from "./exchange.ts";
import { unreachable } from "./failure.ts";
import { isRefusedAddress } from "./refused-address.ts";

export type ServiceRequest = {
  method: "GET" | "POST";
  /** http or https. */
  url: string;
  headers: { [name: string]: string };
  body: string | undefined;
  /** PEM; undefined: the usual authorities. */
  caBundle: string | undefined;
  /** Bytes of the longest answer that is taken. */
  largest: number;
};

export type ServiceAnswer = { ok: true; text: string } | { ok: false; message: string };

export type ServiceOptions = {
  /** Milliseconds for all of it. */
  timeout?: number;
  /** Ends it: nobody waits for the answer any more. */
  signal?: AbortSignal;
  /** For tests: which addresses are refused. */
  isRefused?(address: string | undefined): boolean;
};

const TIMEOUT = 30_000;

/** Never throws. What a failure says holds nothing of the request or of the answer. */
export async function callService(request: ServiceRequest, options: ServiceOptions = {}): Promise<ServiceAnswer> {
  const { timeout = TIMEOUT, isRefused = isRefusedAddress, signal } = options;
  let client: Client | undefined;
  const end = (): void => void client?.destroy();
  signal?.addEventListener("abort", end, { once: true });
  try {
    const { method, headers, body = null, largest } = request;
    const { origin, pathname, search } = new URL(request.url);
    client = new Client(origin, { connect: connectorFor(request.caBundle, isRefused), allowH2: false });
    const written = { accept: "application/json", ...CONTENT_TYPE[method], "user-agent": "perennial", ...headers };
    const terms = { timeout, maySend: undefined, largest };
    const exchange = { method, path: pathname + search, headers: written, body };
    const { status, text } = await createExchanges(client).exchange(exchange, terms);
    if (status >= 300 && status < 400)
      return { ok: false, message: `it answers ${status}, and redirects are not followed` };
    return status >= 200 && status < 300 ? { ok: true, text } : { ok: false, message: `it answers ${status}` };
  } catch (error) {
    return { ok: false, message: unreachable(error).message };
  } finally {
    signal?.removeEventListener("abort", end);
    end();
  }
}

const CONTENT_TYPE = { GET: {}, POST: { "content-type": "application/json" } };

type Refuses = (address: string | undefined) => boolean;

/** What a name resolves to is judged before it is connected to, and what was connected to before anything is sent. */
function connectorFor(caBundle: string | undefined, isRefused: Refuses): buildConnector.connector {
  const ca = caBundle === undefined ? {} : { ca: caBundle };
  const connect = buildConnector({ ...ca, allowH2: false, lookup: lookupWith(isRefused) });
  return (options, callback) => {
    if (isIP(options.hostname) !== 0 && isRefused(options.hostname)) return callback(refusal(options.hostname), null);
    connect(options, (error, socket) => {
      if (error !== null) return callback(error, null);
      if (!isRefused(socket.remoteAddress)) return callback(null, socket);
      socket.destroy();
      callback(refusal(options.hostname), null);
    });
  };
}

function lookupWith(isRefused: Refuses): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, []);
      const permitted = addresses.filter(({ address }) => !isRefused(address));
      const [first] = permitted;
      if (first === undefined) return callback(refusal(hostname), []);
      if (options.all === true) return callback(null, permitted);
      callback(null, first.address, first.family);
    });
  };
}

function refusal(hostname: string): Error {
  return new Error(`${hostname} is a loopback or link-local address, which no rule may call`);
}
