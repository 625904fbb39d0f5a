/**
 * The HTTPS server. Whatever comes is answered in bounded time and memory: with a review, or with a status that says what is wrong;
 * what then happens to the object is for the API server and the failurePolicy to decide.
 */

import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import { listen } from "../listen/index.ts";
import { parseJson, printJson } from "../object/index.ts";
import type { Log, Metrics } from "../telemetry/index.ts";
import {
  type AdmissionAnswer,
  type AdmissionRequest,
  printReview,
  readReview,
  type Serving,
} from "../webhook/index.ts";
import { type Body, BodyReader } from "./body.ts";

/** Answers a review, soon. May throw or reject: then the request fails, and the failurePolicy decides. */
export type Reviewer = (request: AdmissionRequest) => AdmissionAnswer | Promise<AdmissionAnswer>;

export type ReviewServerOptions = {
  /** `:9443`, `127.0.0.1:9443` or `:0` for a free port. */
  address: string;
  /** Who answers under a path, and how the metrics call it; undefined where nobody does. */
  reviewerAt(path: string): { webhook: string; review: Reviewer } | undefined;
  /** Why nothing can be answered just now. */
  whyNotReady(): string | undefined;
  metrics: Metrics;
  log: Log;
};

export interface ReviewServer {
  readonly address: string;
  /** From now on new connections get this certificate; those that are open stay. Before the first one none can be opened. */
  serve(serving: Serving): void;
  /** Answers what was begun, and takes no more. */
  close(): Promise<void>;
}

/** Milliseconds. An API server waits at most 30 s for an answer, and keeps a connection that is idle for 90 s. */
const TIMES = { headers: 10_000, request: 30_000, handshake: 10_000, keepAlive: 120_000, checks: 2_000 };

/** Rejects when the address cannot be listened on. */
export async function startReviewServer(options: ReviewServerOptions): Promise<ReviewServer> {
  const server = createServer(
    {
      minVersion: "TLSv1.2",
      handshakeTimeout: TIMES.handshake,
      headersTimeout: TIMES.headers,
      requestTimeout: TIMES.request,
      keepAliveTimeout: TIMES.keepAlive,
      connectionsCheckingInterval: TIMES.checks,
    },
    createListener(options),
  );
  server.maxHeadersCount = 100;
  const address = await listen(server, options.address);
  return {
    address,
    serve: ({ certificate, key }) => server.setSecureContext({ cert: certificate, key, minVersion: "TLSv1.2" }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
        setTimeout(() => server.closeAllConnections(), LONGEST_GOODBYE).unref();
      }),
  };
}

/** Milliseconds that a request may still take when the process stops. */
const LONGEST_GOODBYE = 3_000;

function createListener(options: ReviewServerOptions) {
  const bodies = new BodyReader();
  return (request: IncomingMessage, response: ServerResponse): void => {
    const start = performance.now();
    answer(request, bodies, options).then(
      ({ status, type, body, webhook, outcome }) => {
        if (status === 413 || status === 429) response.setHeader("connection", "close"); // the rest is not read
        // its length is told, or it would be sent in pieces
        response.writeHead(status, { "content-type": type, "content-length": Buffer.byteLength(body) }).end(body);
        options.metrics.reviews.observe({ webhook, outcome }, (performance.now() - start) / 1000);
      },
      (error) => {
        options.log.error({ err: error }, "a review could not be answered");
        response.writeHead(500, { "content-type": TEXT }).end("a fault of Perennial: see its log\n");
      },
    );
  };
}

type Page = { status: number; type: string; body: string; webhook: string; outcome: string };

const TEXT = "text/plain; charset=utf-8";

async function answer(request: IncomingMessage, bodies: BodyReader, options: ReviewServerOptions): Promise<Page> {
  const reviewer = options.reviewerAt((request.url ?? "").split("?")[0] ?? "");
  if (reviewer === undefined) return failed("none", 404, "nothing is reviewed under this path");
  const { webhook, review } = reviewer;
  if (request.method !== "POST") return failed(webhook, 405, "a review is a POST");
  if (!/^application\/json\b/.test(request.headers["content-type"] ?? ""))
    return failed(webhook, 415, "a review is application/json");
  const body = await bodies.read(request);
  if ("refused" in body) return failed(webhook, body.refused, body.message);
  const reason = options.whyNotReady();
  if (reason !== undefined) return failed(webhook, 503, reason);
  const parsed = parseReview(body);
  if ("problem" in parsed) return failed(webhook, 400, `the body cannot be answered: ${parsed.problem}`);
  const reviewed = review(parsed.request);
  const answered = reviewed instanceof Promise ? await reviewed : reviewed;
  const text = printJson(printReview(parsed.request.uid, answered));
  const outcome = answered.allowed ? "allowed" : "denied";
  return { status: 200, type: "application/json", body: text, webhook, outcome };
}

function parseReview({ text }: Extract<Body, { text: string }>): ReturnType<typeof readReview> {
  try {
    return readReview(parseJson(text));
  } catch {
    return { problem: "it is no JSON" };
  }
}

function failed(webhook: string, status: number, message: string): Page {
  return { status, type: TEXT, body: `${message}\n`, webhook, outcome: "failed" };
}
