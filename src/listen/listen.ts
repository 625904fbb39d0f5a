/** Where a server of ours listens: an address as the flags write it, and as it came out. */

import type { AddressInfo, Server } from "node:net";

/**
 * `address`: `:8080`, `127.0.0.1:8080`, `[::1]:8080`, or port 0 for a free one. Resolves to the address with the port that
 * was taken; rejects when it cannot be listened on.
 */
export async function listen(server: Server, address: string): Promise<string> {
  const colon = address.lastIndexOf(":");
  const host = address.slice(0, colon).replace(/^\[|\]$/g, "");
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ port: Number(address.slice(colon + 1)), ...(host === "" ? {} : { host }) }, resolve);
  });
  return printAddress(server.address() as AddressInfo); // a TCP server that listens has one
}

function printAddress({ address, port }: AddressInfo): string {
  return `${address.includes(":") ? `[${address}]` : address}:${port}`;
}
