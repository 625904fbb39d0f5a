/** What can go wrong between a client and an API server, as values, and the rules that choose it. */

/** A request as the proxy received it. */
export interface ProxiedRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly isWatch: boolean;
  /** The Authorization header; empty without one. */
  readonly authorization: string;
  /** The Accept header; empty without one. */
  readonly accept: string;
  /** When it came, as `performance.now()`. */
  readonly at: number;
  /** What the API server answered and the client was told; undefined before that, and where a fault struck instead. */
  status?: number;
}

/** Instead of, or around, the answer of the API server. */
export type RequestFault =
  /** The connection is reset (RST); the API server hears nothing of the request. */
  | { readonly fault: "reset" }
  /** Accepted, and never answered; the API server hears nothing of it. */
  | { readonly fault: "stall" }
  /** Passed on only then. */
  | { readonly fault: "hold"; readonly until: Promise<unknown> }
  /** The API server does what was asked, and the connection is reset before its answer. */
  | { readonly fault: "lose-answer" }
  /** Half of the answer, then the connection is reset. */
  | { readonly fault: "cut-answer" }
  /** Somebody else answers: a load balancer, or an API server in trouble. */
  | { readonly fault: "answer"; readonly status: number; readonly body: string; readonly headers?: Headers }
  /** Passed on with another value for a parameter. */
  | { readonly fault: "ask"; readonly query: { readonly [name: string]: string } };

type Headers = { readonly [name: string]: string };

/** One line of a watch. */
export interface WatchLine {
  readonly type: string;
  /** Name and resourceVersion of the object; empty where it has none. */
  readonly name: string;
  readonly resourceVersion: string;
}

/** At a line of a watch. */
export type LineFault =
  /** The line is left out. */
  | { readonly fault: "swallow" }
  /** Neither this line nor any other comes, and the connection stays open. */
  | { readonly fault: "stall" }
  /** The connection is reset before the line. */
  | { readonly fault: "reset" }
  /** Half of the line, then the connection is reset. */
  | { readonly fault: "cut" }
  /** Half of the line, then the answer ends as if that were all. */
  | { readonly fault: "end" }
  /** Another line, and the answer ends. */
  | { readonly fault: "say"; readonly line: string };

/** Asked at each request and each line of a watch; undefined: all goes well. */
export interface FaultRule {
  readonly request?: (request: ProxiedRequest) => RequestFault | undefined;
  readonly line?: (line: WatchLine, request: ProxiedRequest) => LineFault | undefined;
}

/** What an API server answers when it refuses. */
export function statusBody(code: number, reason: string, message: string): string {
  return JSON.stringify({ kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", message, reason, code });
}

/** The line of a watch by which an API server ends it, such as with 410. */
export function errorLine(code: number, reason: string, message: string): string {
  return `{"type":"ERROR","object":${statusBody(code, reason, message)}}`;
}
