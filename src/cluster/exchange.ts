/**
 * One request and its whole answer, straight from the dispatcher: without a stream and an abort signal for each request,
 * which together cost more than the parsing (docs/reference/performance.md).
 */

import type { IncomingHttpHeaders } from "node:http";
import type { Dispatcher } from "undici";

export type Exchanged = { status: number; headers: IncomingHttpHeaders; text: string };

export type Terms = {
  /** Milliseconds. */
  timeout: number;
  /** Asked when its turn has come to go out; false: it does not. */
  maySend: (() => boolean) | undefined;
  /** Bytes of the longest answer that is taken; undefined: what the dispatcher takes. */
  largest?: number | undefined;
};

export interface Exchanges {
  /** Rejects when there is no whole answer in time (a TimeoutError, up to half a second late). */
  exchange(options: Dispatcher.DispatchOptions, terms: Terms): Promise<Exchanged>;
}

export function createExchanges(dispatcher: Dispatcher): Exchanges {
  const waiting = new Deadlines();
  return {
    exchange: (options, terms) =>
      new Promise((resolve, reject) => {
        const handler = new AnswerHandler(resolve, reject, terms);
        waiting.add(handler);
        handler.onEnd = () => waiting.remove(handler);
        dispatcher.dispatch(options, handler);
      }),
  };
}

class AnswerHandler implements Dispatcher.DispatchHandler {
  readonly #resolve: (answer: Exchanged) => void;
  readonly #reject: (error: Error) => void;
  /** Monotonic milliseconds. */
  readonly due: number;
  readonly #maySend: (() => boolean) | undefined;
  readonly #largest: number;
  #size = 0;
  readonly #chunks: Buffer[] = [];
  #controller: Dispatcher.DispatchController | undefined;
  #status = 0;
  #headers: IncomingHttpHeaders = {};
  #expired: Error | undefined;
  onEnd: () => void = () => {};

  constructor(
    resolve: (answer: Exchanged) => void,
    reject: (error: Error) => void,
    { timeout, maySend, largest }: Terms,
  ) {
    this.#resolve = resolve;
    this.#reject = reject;
    this.due = performance.now() + timeout;
    this.#maySend = maySend;
    this.#largest = largest ?? Number.POSITIVE_INFINITY;
  }

  /** It may still wait for a connection: then it is dropped when its turn comes. */
  expire(): void {
    this.#expired = new DOMException("no answer in time", "TimeoutError");
    this.#controller?.abort(this.#expired);
    this.#fail(this.#expired);
  }

  /** To throw takes the request out of its queue; to abort would end the connection, too. */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#expired !== undefined) throw this.#expired;
    if (this.#maySend?.() === false) throw new Error("not sent: it may no longer be");
    this.#controller = controller;
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200) return; // an informational answer comes before the real one
    this.#status = status;
    this.#headers = headers;
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#size += chunk.length;
    if (this.#size > this.#largest)
      return controller.abort(new Error(`the answer has more than ${this.#largest} bytes`));
    this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    this.onEnd();
    const [first] = this.#chunks;
    const whole = this.#chunks.length === 1 && first !== undefined ? first : Buffer.concat(this.#chunks);
    this.#resolve({ status: this.#status, headers: this.#headers, text: whole.toString("utf8") });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#fail(error);
  }

  #fail(error: Error): void {
    this.onEnd();
    this.#reject(error);
  }
}

/** One timer for all that wait: nearly every request ends long before it. */
class Deadlines {
  static readonly EVERY = 500;
  readonly #waiting = new Set<AnswerHandler>();
  #timer: NodeJS.Timeout | undefined;

  add(handler: AnswerHandler): void {
    this.#waiting.add(handler);
    this.#timer ??= setInterval(() => this.#check(), Deadlines.EVERY);
  }

  remove(handler: AnswerHandler): void {
    this.#waiting.delete(handler);
  }

  #check(): void {
    const now = performance.now();
    for (const handler of this.#waiting) if (handler.due <= now) handler.expire();
    if (this.#waiting.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
