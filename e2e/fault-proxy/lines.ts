/** The answer to a watch, line by line. */
import type { WatchLine } from "./fault.ts";

/** Whole lines without their ends; what follows the last end is left out. */
export async function* linesOf(body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let rest = Buffer.alloc(0);
  for await (const chunk of body) {
    rest = Buffer.concat([rest, chunk]);
    for (let end = rest.indexOf(NEWLINE); end >= 0; end = rest.indexOf(NEWLINE)) {
      yield rest.subarray(0, end);
      rest = rest.subarray(end + 1);
    }
  }
}

const NEWLINE = "\n".charCodeAt(0);

export function readLine(line: Buffer): WatchLine {
  const { type, object } = JSON.parse(line.toString()) as {
    type: string;
    object: { metadata?: { name?: string; resourceVersion?: string } };
  }; // the shape of the watch API
  return { type, name: object.metadata?.name ?? "", resourceVersion: object.metadata?.resourceVersion ?? "" };
}
