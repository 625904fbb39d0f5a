/** The transport: HTTP/1.1 keep-alive, one pool of connections for requests, one connection for each watch. */

import { createSecureContext } from "node:tls";
import { Agent, type Dispatcher, Pool } from "undici";
import { type Json, parseJson, printJson } from "../object/index.ts";
import type { Credentials } from "./credentials.ts";
import { createExchanges, type Exchanges } from "./exchange.ts";
import { type ApiFailure, failureOf, unreachable } from "./failure.ts";

export type ApiRequest = {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Without `query` it may have one of its own. */
  path: string;
  query?: { [name: string]: string };
  body?: Json;
  contentType?: string;
  accept?: string;
  /** Milliseconds until "no answer" is the answer, credentials and body included; 30 s when left out. */
  timeout?: number;
  /** Asked when a connection is free for it, which may be long after `send`; false: it is not sent, and fails with status 0. */
  maySend?(): boolean;
  /** Bytes of the longest answer that is taken. */
  largest?: number;
  /** Does not wait until one of the pool's connections is free. */
  ahead?: boolean;
};

export type Answer = { ok: true; status: number; body: Json } | { ok: false; failure: ApiFailure };

export type StreamAnswer = { ok: true; body: AsyncIterable<Buffer> } | { ok: false; failure: ApiFailure };

/** Told of each answer: HTTP method, status (0: none) and milliseconds. */
export type RequestObserver = (method: string, status: number, millis: number) => void;

export interface ClusterClient {
  /** Never throws and never hangs: no whole answer in time is a failure with status 0, and so is one that is no JSON. */
  send(request: ApiRequest): Promise<Answer>;
  /** An answer that does not end by itself, such as a watch; ends when `signal` aborts. */
  stream(request: ApiRequest, signal: AbortSignal): Promise<StreamAnswer>;
  /** Ends what is under way: it fails with status 0. May be called twice. */
  close(): Promise<void>;
}

/** An API server takes no more than this from one client before others suffer (its priority levels). */
const CONNECTIONS = 64;
const REQUEST_TIMEOUT = 30_000;
const CONNECT_TIMEOUT = 10_000;
const TCP_KEEP_ALIVE = 30_000;
/** An API server keeps an idle connection for 90 s; it must be us who close it, or a request meets a closing one. */
const KEEP_ALIVE = 60_000;
/** No object is larger than etcd's 1.5 MiB; a list page of 500 may be. */
const MAX_BODY = 512 * 1024 * 1024;

export function connectCluster(credentials: Credentials, observe: RequestObserver = () => {}): ClusterClient {
  return new UndiciClient(credentials, observe);
}

class UndiciClient implements ClusterClient {
  readonly #credentials: Credentials;
  readonly #observe: RequestObserver;
  readonly #requests: Pool;
  readonly #exchanges: Exchanges;
  readonly #ahead: Exchanges;
  readonly #watches: Agent;
  readonly #origin: string;
  readonly #prefix: string;
  #closed: Promise<unknown> | undefined;

  constructor(credentials: Credentials, observe: RequestObserver) {
    const url = new URL(credentials.server);
    this.#credentials = credentials;
    this.#observe = observe;
    this.#origin = url.origin;
    this.#prefix = url.pathname.replace(/\/$/, "");
    const { rejectUnauthorized, servername, ...secrets } = credentials.tls;
    const connect = {
      // one for all connections: each of its own holds the certificates parsed again, 0.2 MB
      secureContext: createSecureContext(secrets),
      ...(rejectUnauthorized === undefined ? {} : { rejectUnauthorized }),
      ...(servername === undefined ? {} : { servername }),
      timeout: CONNECT_TIMEOUT,
      keepAlive: true,
      keepAliveInitialDelay: TCP_KEEP_ALIVE,
    };
    const shared = { connect, pipelining: 1, maxResponseSize: MAX_BODY, allowH2: false };
    this.#requests = new Pool(url.origin, {
      ...shared,
      connections: CONNECTIONS,
      headersTimeout: REQUEST_TIMEOUT,
      bodyTimeout: REQUEST_TIMEOUT,
      keepAliveTimeout: KEEP_ALIVE,
    });
    this.#exchanges = createExchanges(this.#requests);
    this.#watches = new Agent({ connect, allowH2: false, headersTimeout: REQUEST_TIMEOUT, bodyTimeout: 0 });
    this.#ahead = createExchanges(this.#watches);
  }

  async send(request: ApiRequest): Promise<Answer> {
    const answer = await this.#sendOnce(request);
    if (answer.ok || answer.failure.status !== 401) return answer;
    this.#credentials.forget(); // the token may have been rotated since it was read
    return this.#sendOnce(request);
  }

  async #sendOnce(request: ApiRequest): Promise<Answer> {
    const start = performance.now();
    const timeout = request.timeout ?? REQUEST_TIMEOUT;
    try {
      const options = this.#options(request, await this.#authorization(timeout));
      const left = timeout - (performance.now() - start);
      const terms = { timeout: left, maySend: request.maySend, largest: request.largest };
      const { status, headers, text } = await (request.ahead
        ? this.#ahead.exchange({ ...options, origin: this.#origin }, terms)
        : this.#exchanges.exchange(options, terms));
      this.#observe(request.method, status, performance.now() - start);
      if (!isSuccess(status)) return { ok: false, failure: failureOf(status, text, headerOf(headers, "retry-after")) };
      return { ok: true, status, body: text === "" ? null : parseJson(text) };
    } catch (error) {
      this.#observe(request.method, 0, performance.now() - start);
      return { ok: false, failure: unreachable(error) };
    }
  }

  async stream(request: ApiRequest, signal: AbortSignal): Promise<StreamAnswer> {
    const start = performance.now();
    try {
      const prepared = this.#options(request, await this.#authorization(REQUEST_TIMEOUT));
      const options = { ...prepared, origin: this.#origin, signal };
      const { statusCode, headers, body } = await this.#watches.request(options);
      this.#observe("WATCH", statusCode, performance.now() - start);
      if (isSuccess(statusCode)) return { ok: true, body };
      const text = await body.text();
      if (statusCode === 401) this.#credentials.forget();
      return { ok: false, failure: failureOf(statusCode, text, headerOf(headers, "retry-after")) };
    } catch (error) {
      this.#observe("WATCH", 0, performance.now() - start);
      return { ok: false, failure: unreachable(error) };
    }
  }

  async close(): Promise<void> {
    this.#closed ??= Promise.all([this.#requests.destroy(), this.#watches.destroy()]);
    await this.#closed;
  }

  /** Mostly known already: then nothing is waited for. */
  async #authorization(timeout: number): Promise<string | undefined> {
    const authorization = this.#credentials.authorization();
    return authorization instanceof Promise ? inTime(authorization, AbortSignal.timeout(timeout)) : authorization;
  }

  #options(request: ApiRequest, authorization: string | undefined): Dispatcher.RequestOptions {
    return {
      method: request.method,
      path: this.#prefix + request.path,
      ...(request.query === undefined ? {} : { query: request.query }), // a path may have one, too
      headers: {
        accept: request.accept ?? "application/json",
        "user-agent": "perennial",
        ...(authorization === undefined ? {} : { authorization }),
        ...(request.body === undefined ? {} : { "content-type": request.contentType ?? "application/json" }),
      },
      body: request.body === undefined ? null : printJson(request.body),
    };
  }
}

/** A redirect, such as a proxy's to its login page, is no answer of an API server. */
function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}

/** An exec plugin may never answer; the request that waits for it must. */
function inTime<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = (): void => reject(new Error("no credentials in time"));
    signal.addEventListener("abort", giveUp, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", giveUp));
  });
}

function headerOf(headers: { [name: string]: string | string[] | undefined }, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}
