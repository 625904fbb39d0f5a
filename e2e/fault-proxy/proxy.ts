/** An HTTP/1.1 proxy between a client and an API server that ends TLS, so that its faults may be about requests and events. */
import { readFile } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { Agent, createServer, type Server } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { Connections } from "./connections.ts";
import { carryOut, type ExchangeContext } from "./exchange.ts";
import type { FaultRule, ProxiedRequest } from "./fault.ts";
import { Gate } from "./gate.ts";

export interface FaultProxyOptions {
  /** The API server, such as `https://127.0.0.1:6443`. */
  readonly upstream: string;
  /** PEM files: the authority of the API server, and what the proxy shows to its clients. */
  readonly caFile: string;
  readonly servingFile: string;
  readonly servingKeyFile: string;
}

export interface FaultProxy extends AsyncDisposable {
  /** Such as `https://127.0.0.1:41234`. */
  readonly url: string;
  readonly port: number;
  /** All requests so far, in the order in which they came. */
  readonly seen: readonly ProxiedRequest[];
  /** How often a fault struck so far, resets of open connections included. */
  readonly strikes: number;
  /** From now on faults strike by this rule, on watches that are open already, too. */
  strike(rule: FaultRule): void;
  /** No more faults. What stalls goes on stalling, as on a connection that is dead. */
  calm(): void;
  /** Faults strike while `act` runs. Rejects when none did: such a test would show nothing. */
  during<T>(rule: FaultRule, act: () => Promise<T>): Promise<T>;
  /** Resets every open connection. */
  resetAll(): void;
  /** Nothing passes any more in either direction, and nothing is closed; whatever comes waits for `thaw`. */
  freeze(): void;
  thaw(): void;
  stop(): Promise<void>;
}

/** Listens on a free port of 127.0.0.1. */
export async function startFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  const [ca, cert, key] = await Promise.all(
    [options.caFile, options.servingFile, options.servingKeyFile].map((file) => readFile(file, "utf8")),
  );
  const agent = new Agent({ ...(ca === undefined ? {} : { ca }), keepAlive: true });
  // no time limits: a silence has to be a fault that a test asked for
  const server = createServer({ cert, key, keepAliveTimeout: 0, requestTimeout: 0, headersTimeout: 0 });
  const proxy = new ListeningProxy(server, new URL(options.upstream), agent);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return proxy;
}

class ListeningProxy implements FaultProxy {
  readonly seen: ProxiedRequest[] = [];
  strikes = 0;
  readonly #server: Server;
  readonly #agent: Agent;
  readonly #connections = new Connections();
  readonly #gate = new Gate();
  #rule: FaultRule = {};

  constructor(server: Server, upstream: URL, agent: Agent) {
    this.#server = server;
    this.#agent = agent;
    const context = this.#contextOf(upstream);
    server.on("connection", (socket: Socket) => this.#connections.note(socket));
    server.on("tlsClientError", () => {}); // a client that gave up while connecting
    server.on("request", (incoming, outgoing) => {
      const request = requestOf(incoming);
      this.seen.push(request);
      for (const side of [incoming, outgoing]) side.on("error", () => {}); // the client went away
      void carryOut({ request, incoming, outgoing }, context);
    });
  }

  #contextOf(upstream: URL): ExchangeContext {
    const counted = <F>(fault: F | undefined): F | undefined => {
      if (fault !== undefined) this.strikes += 1;
      return fault;
    };
    return {
      upstream,
      agent: this.#agent,
      pass: () => this.#gate.pass(),
      strikeRequest: (request) => counted(this.#rule.request?.(request)),
      strikeLine: (line, request) => counted(this.#rule.line?.(line, request)),
      reset: (socket) => this.#connections.reset(socket),
    };
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port; // a TCP server's
  }

  get url(): string {
    return `https://127.0.0.1:${this.port}`;
  }

  strike(rule: FaultRule): void {
    this.#rule = rule;
  }

  calm(): void {
    this.#rule = {};
  }

  async during<T>(rule: FaultRule, act: () => Promise<T>): Promise<T> {
    const before = this.strikes;
    this.strike(rule);
    const result = await act().finally(() => this.calm());
    if (this.strikes === before) throw new Error("no fault struck, so nothing was shown");
    return result;
  }

  resetAll(): void {
    this.strikes += 1;
    this.#connections.resetAll();
  }

  freeze(): void {
    this.strikes += 1;
    this.#gate.close();
  }

  thaw(): void {
    this.#gate.open();
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#server.close(resolve));
    this.#connections.resetAll();
    this.#agent.destroy();
    await ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

function requestOf({ method = "", url = "", headers }: IncomingMessage): ProxiedRequest {
  const { pathname, searchParams } = new URL(url, "https://proxy");
  return {
    method,
    path: pathname,
    query: searchParams,
    isWatch: searchParams.get("watch") === "true",
    authorization: headers.authorization ?? "",
    accept: headers.accept ?? "",
    at: performance.now(),
  };
}
