/** A service as a platform team runs it: HTTPS under an authority of its own, at an address that is no loopback one. */

import "../control-plane/reflect-metadata.ts";
import { webcrypto } from "node:crypto";
import type { IncomingHttpHeaders, RequestListener } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { networkInterfaces } from "node:os";
import * as x509 from "@peculiar/x509";

export type Received = { method: string; path: string; headers: IncomingHttpHeaders; body: string };

export interface HttpsService extends AsyncDisposable {
  /** Such as https://192.168.1.2:41234. */
  readonly url: string;
  readonly port: number;
  /** PEM of what its certificate is signed by. */
  readonly caBundle: string;
  /** All requests so far whose path begins so. */
  received(path?: string): readonly Received[];
  /** From now on it answers this under a path. */
  answer(path: string, json: unknown): void;
  answerWith(path: string, listener: RequestListener): void;
}

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const DAY = 24 * 3600 * 1000;

export async function startHttpsService(): Promise<HttpsService> {
  const address = machineAddress();
  const { key, certificate } = await certify(address);
  const received: Received[] = [];
  const answers = new Map<string, RequestListener>();
  const server = createServer({ key, cert: certificate }, async (request, response) => {
    let body = "";
    for await (const chunk of request) body += String(chunk);
    const path = request.url ?? "";
    received.push({ method: request.method ?? "", path, headers: request.headers, body });
    const answer = answers.get(path);
    if (answer === undefined) response.writeHead(404).end();
    else answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "0.0.0.0", resolve));
  const { port } = server.address() as AddressInfo; // a TCP server's
  return {
    url: `https://${address}:${port}`,
    port,
    caBundle: certificate,
    received: (path = "") => received.filter((request) => request.path.startsWith(path)),
    answer: (path, json) => answers.set(path, (_, response) => response.end(JSON.stringify(json))),
    answerWith: (path, listener) => answers.set(path, listener),
    [Symbol.asyncDispose]: () => stop(server),
  };
}

/** The operator calls no loopback address, so this machine has to have another one. */
function machineAddress(): string {
  const addresses = Object.values(networkInterfaces()).flatMap((found) => found ?? []);
  const other = addresses.find(({ family, internal }) => family === "IPv4" && !internal);
  if (other === undefined) throw new Error("these tests need a machine with an IPv4 address other than 127.0.0.1");
  return other.address;
}

async function certify(address: string): Promise<{ key: string; certificate: string }> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: "01",
    name: "CN=teams",
    notBefore: new Date(Date.now() - DAY),
    notAfter: new Date(Date.now() + DAY),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.SubjectAlternativeNameExtension([
        { type: "ip", value: address },
        { type: "dns", value: "localhost" },
      ]),
    ],
  });
  const key = x509.PemConverter.encode(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey), "PRIVATE KEY");
  return { key, certificate: certificate.toString("pem") };
}

async function stop(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}
