/** The transport: HTTP/1.1 keep-alive, one pool of connections for requests, one connection for each watch. */

import { Agent, type Dispatcher, Pool } from "undici";
import type { Json } from "../object/index.ts";
import type { Credentials } from "./credentials.ts";
import { type ApiFailure, failureOf, unreachable } from "./failure.ts";

export type ApiRequest = {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  path: string;
  query?: { [name: string]: string };
  body?: Json;
  contentType?: string;
  accept?: string;
};

export type Answer = { ok: true; status: number; body: Json } | { ok: false; failure: ApiFailure };

export type StreamAnswer = { ok: true; body: AsyncIterable<Buffer> } | { ok: false; failure: ApiFailure };

/** Told of each answer: HTTP method, status (0: none) and milliseconds. */
export type RequestObserver = (method: string, status: number, millis: number) => void;

export interface ClusterClient {
  /** Never throws and never hangs: no answer within 30 s is a failure with status 0. */
  send(request: ApiRequest): Promise<Answer>;
  /** An answer that does not end by itself, such as a watch; ends when `signal` aborts. */
  stream(request: ApiRequest, signal: AbortSignal): Promise<StreamAnswer>;
  close(): Promise<void>;
}

/** An API server takes no more than this from one client before others suffer (its priority levels). */
const CONNECTIONS = 64;
const REQUEST_TIMEOUT = 30_000;
const CONNECT_TIMEOUT = 10_000;
const TCP_KEEP_ALIVE = 30_000;
/** No object is larger than etcd's 1.5 MiB; a list page of 500 may be. */
const MAX_BODY = 512 * 1024 * 1024;

export function connectCluster(credentials: Credentials, observe: RequestObserver = () => {}): ClusterClient {
  return new UndiciClient(credentials, observe);
}

class UndiciClient implements ClusterClient {
  readonly #credentials: Credentials;
  readonly #observe: RequestObserver;
  readonly #requests: Pool;
  readonly #watches: Agent;
  readonly #origin: string;
  readonly #prefix: string;

  constructor(credentials: Credentials, observe: RequestObserver) {
    const url = new URL(credentials.server);
    this.#credentials = credentials;
    this.#observe = observe;
    this.#origin = url.origin;
    this.#prefix = url.pathname.replace(/\/$/, "");
    const connect = {
      ...credentials.tls,
      timeout: CONNECT_TIMEOUT,
      keepAlive: true,
      keepAliveInitialDelay: TCP_KEEP_ALIVE,
    };
    const shared = { connect, pipelining: 1, maxResponseSize: MAX_BODY };
    this.#requests = new Pool(url.origin, {
      ...shared,
      connections: CONNECTIONS,
      headersTimeout: REQUEST_TIMEOUT,
      bodyTimeout: REQUEST_TIMEOUT,
    });
    this.#watches = new Agent({ connect, headersTimeout: REQUEST_TIMEOUT, bodyTimeout: 0 });
  }

  async send(request: ApiRequest): Promise<Answer> {
    const answer = await this.#sendOnce(request);
    if (answer.ok || answer.failure.status !== 401) return answer;
    this.#credentials.forget(); // the token may have been rotated since it was read
    return this.#sendOnce(request);
  }

  async #sendOnce(request: ApiRequest): Promise<Answer> {
    const start = performance.now();
    try {
      const { statusCode, headers, body } = await this.#requests.request(await this.#options(request));
      const text = await body.text();
      this.#observe(request.method, statusCode, performance.now() - start);
      if (statusCode >= 400)
        return { ok: false, failure: failureOf(statusCode, text, headerOf(headers, "retry-after")) };
      return { ok: true, status: statusCode, body: text === "" ? null : JSON.parse(text) };
    } catch (error) {
      this.#observe(request.method, 0, performance.now() - start);
      return { ok: false, failure: unreachable(error) };
    }
  }

  async stream(request: ApiRequest, signal: AbortSignal): Promise<StreamAnswer> {
    const start = performance.now();
    try {
      const options = { ...(await this.#options(request)), origin: this.#origin, signal };
      const { statusCode, headers, body } = await this.#watches.request(options);
      this.#observe("WATCH", statusCode, performance.now() - start);
      if (statusCode < 400) return { ok: true, body };
      const text = await body.text();
      if (statusCode === 401) this.#credentials.forget();
      return { ok: false, failure: failureOf(statusCode, text, headerOf(headers, "retry-after")) };
    } catch (error) {
      this.#observe("WATCH", 0, performance.now() - start);
      return { ok: false, failure: unreachable(error) };
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#requests.destroy(), this.#watches.destroy()]);
  }

  async #options(request: ApiRequest): Promise<Dispatcher.RequestOptions> {
    const authorization = await this.#credentials.authorization();
    return {
      method: request.method,
      path: this.#prefix + request.path,
      query: request.query ?? {},
      headers: {
        accept: request.accept ?? "application/json",
        "user-agent": "perennial",
        ...(authorization === undefined ? {} : { authorization }),
        ...(request.body === undefined ? {} : { "content-type": request.contentType ?? "application/json" }),
      },
      body: request.body === undefined ? null : JSON.stringify(request.body),
    };
  }
}

function headerOf(headers: { [name: string]: string | string[] | undefined }, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}
