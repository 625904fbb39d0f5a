/** A webhook that does nothing: it allows whatever it is asked. Prints its address and authority as one line, and ends with its input. */

import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { makeServing } from "../src/admission/certificates.ts";

const made = await makeServing({ names: ["127.0.0.1"], now: Date.now(), lifetime: 24 * 3600 * 1000 });
const server = createServer({ cert: made.serving.certificate, key: made.serving.key, keepAliveTimeout: 120_000 });
server.on("request", async (request, response) => {
  const { request: asked } = (await json(request)) as { request: { uid: string } }; // nobody but the API server knows the address
  const answer = {
    apiVersion: "admission.k8s.io/v1",
    kind: "AdmissionReview",
    response: { uid: asked.uid, allowed: true },
  };
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answer));
});
server.listen(0, "127.0.0.1", () => {
  const { port } = server.address() as AddressInfo; // a TCP server's
  process.stdout.write(`${JSON.stringify({ url: `https://127.0.0.1:${port}`, authority: made.authority })}\n`);
});
process.stdin.resume().once("end", () => process.exit(0));
