/** Request bodies, bounded one by one and all together: who sends them is not known. */

import type { IncomingMessage } from "node:http";

/** Twice what the API server takes of one object (3 MiB), as an update has the old one too, and some room for the rest. */
export const LARGEST_BODY = 2 * 3 * 1024 * 1024 + 256 * 1024;

/** Bytes of all that are being received. */
const MOST_BYTES = 8 * LARGEST_BODY;

export type Body = { text: string } | { refused: 413 | 429 | 400; message: string };

export class BodyReader {
  #bytes = 0;

  /** By events: an iterator over the request costs more than all the rest of an answer. */
  read(request: IncomingMessage): Promise<Body> {
    const kept: Kept = { chunks: [], bytes: 0, received: 0, refused: undefined };
    return new Promise((resolve) => {
      const end = (body: Body): void => {
        this.#bytes -= kept.bytes;
        kept.bytes = 0;
        resolve(body);
      };
      request.on("data", (chunk: Buffer) => {
        this.#take(chunk, kept);
        if (kept.received > MOST_RECEIVED) request.destroy();
      });
      request.once("end", () => end(kept.refused ?? { text: textOf(kept.chunks) }));
      request.once("close", () => end(ENDED)); // of no effect after the end
      request.once("error", () => end(ENDED));
    });
  }

  /** What is refused is received all the same, and forgotten: who is still sending would not see the answer. */
  #take(chunk: Buffer, kept: Kept): void {
    kept.received += chunk.length;
    if (kept.received > LARGEST_BODY) kept.refused = TOO_LARGE;
    else if (this.#bytes + chunk.length > MOST_BYTES) kept.refused ??= TOO_MANY;
    if (kept.refused !== undefined) {
      kept.chunks = [];
      return;
    }
    kept.chunks.push(chunk);
    kept.bytes += chunk.length;
    this.#bytes += chunk.length;
  }
}

function textOf(chunks: readonly Buffer[]): string {
  const [first, ...others] = chunks;
  return others.length === 0 ? (first?.toString() ?? "") : Buffer.concat(chunks).toString();
}

const ENDED: Body = { refused: 400, message: "the request ended before it was whole" };

type Kept = { chunks: Buffer[]; bytes: number; received: number; refused: Body | undefined };

/** Bytes after which who sends is cut off. */
const MOST_RECEIVED = 4 * LARGEST_BODY;

const TOO_LARGE: Body = { refused: 413, message: `a review has at most ${LARGEST_BODY} bytes` };
const TOO_MANY: Body = { refused: 429, message: "too many reviews at once: try again" };
