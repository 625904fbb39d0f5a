/** A TCP port of 127.0.0.1 that nobody listens on. */
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";

/**
 * Below the range from which systems number outgoing connections, and below the node ports: a port that the system gives
 * away (port 0) may be taken by somebody's outgoing connection while the API server is restarted on it, even by that of a
 * client that tries to reach just this port.
 */
const lowest = 20_000;
const highest = 30_000;

/** Somebody else may take it before it is used: whoever listens on it must be ready to try another. */
export async function findFreePort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = randomInt(lowest, highest);
    if (await isFree(port)) return port;
  }
  throw new Error(`no free TCP port found on 127.0.0.1 between ${lowest} and ${highest}`);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}
