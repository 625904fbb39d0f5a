/** Real sockets of this machine. */

import { createServer, type Server } from "node:net";
import { afterEach, expect, it } from "vitest";
import { listen } from "./index.ts";

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

function server(): Server {
  const made = createServer();
  servers.push(made);
  return made;
}

it.each([
  ["127.0.0.1:0", /^127\.0\.0\.1:[1-9]\d+$/],
  [":0", /^(\[::\]|0\.0\.0\.0):[1-9]\d+$/],
])("%s is listened on, and told with the port that was free", async (address, told) => {
  expect(await listen(server(), address)).toMatch(told);
});

it("an address that is taken is no address to listen on", async () => {
  const taken = await listen(server(), "127.0.0.1:0");
  await expect(listen(server(), taken)).rejects.toThrow("EADDRINUSE");
});
