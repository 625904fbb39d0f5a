/** The connections of the clients, so that one can be reset: a TLS socket cannot do that itself. */
import type { Socket } from "node:net";

export class Connections {
  readonly #open = new Map<number, Socket>();

  /** The TCP socket below a TLS socket, as the server gets it. */
  note(socket: Socket): void {
    const port = socket.remotePort;
    if (port === undefined) return; // gone already
    this.#open.set(port, socket);
    socket.on("error", () => {}); // resets are what this is about
    socket.once("close", () => {
      if (this.#open.get(port) === socket) this.#open.delete(port);
    });
  }

  /** RST: the client learns of it at once. By the client's port, which all layers of a connection share. */
  reset({ remotePort }: Socket): void {
    if (remotePort !== undefined) this.#open.get(remotePort)?.resetAndDestroy();
  }

  resetAll(): void {
    for (const socket of this.#open.values()) socket.resetAndDestroy();
  }
}
