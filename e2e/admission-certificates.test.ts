/** The certificates of the webhook: shared by replicas, kept across restarts, followed by others without a call that fails. */

import { X509Certificate } from "node:crypto";
import { connect } from "node:tls";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Cluster,
  CONFIGURATION,
  OPERATOR_NAMESPACE,
  type OperatorProcess,
  startCluster,
  startOperator,
  waitUntil,
  webhookAddress,
  webhookFlags,
  writeRefused,
} from "./harness/index.ts";

let cluster: Cluster;
let operator: OperatorProcess;
let flags: string[];

beforeAll(async () => {
  cluster = await startCluster();
  flags = await webhookFlags();
  operator = await startOperator(cluster, { flags });
  await waitUntil("the webhook is called", async () => (await createBad()) === 422);
});

afterAll(async () => {
  await operator?.stop();
  await cluster?.stop();
});

async function createBad(): Promise<number> {
  return (await writeRefused(cluster)).status;
}

/** What is served at the address of these flags, whoever would trust it. */
async function served(at: readonly string[]): Promise<X509Certificate> {
  const { host, port } = webhookAddress(at);
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, rejectUnauthorized: false }, () => {
      const certificate = socket.getPeerX509Certificate();
      socket.destroy();
      if (certificate === undefined) reject(new Error("no certificate"));
      else resolve(certificate);
    });
    socket.on("error", reject);
  });
}

/** The authorities that the API server is told to trust. */
async function trusted(): Promise<X509Certificate[]> {
  const found = await cluster.get("validatingwebhookconfiguration", "", CONFIGURATION);
  const [webhook] = (found?.webhooks ?? []) as unknown as { clientConfig: { caBundle: string } }[];
  const bundle = Buffer.from(webhook?.clientConfig.caBundle ?? "", "base64").toString();
  return (bundle.match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----/g) ?? []).map((pem) => new X509Certificate(pem));
}

async function secretData(): Promise<{ [field: string]: string }> {
  const secret = await cluster.get("secret", OPERATOR_NAMESPACE, "perennial");
  return (secret?.data ?? {}) as { [field: string]: string };
}

describe("a certificate", () => {
  it("is the same after a restart", async () => {
    const before = await served(flags);
    await operator.stop();
    operator = await startOperator(cluster, { flags });
    await waitUntil("it is served", async () => (await served(flags)).fingerprint256 === before.fingerprint256);
    expect(await createBad()).toBe(422);
  });

  it("is shared by replicas", async () => {
    const second = await webhookFlags();
    await using _replica = await startOperator(cluster, { flags: second, waitReady: false });
    const { fingerprint256 } = await served(flags);
    await waitUntil("the other serves it too", async () => (await served(second)).fingerprint256 === fingerprint256);
  });

  it("is made for the new address when the operator is reached by another one", async () => {
    await operator.stop();
    flags = (await webhookFlags()).map((flag) => flag.replace("https://127.0.0.1", "https://localhost"));
    operator = await startOperator(cluster, { flags });
    await waitUntil("the webhook is called", async () => (await createBad()) === 422);
    expect((await served(flags)).subjectAltName).toBe("DNS:localhost");
  });
});

describe("rotation", () => {
  it("goes on under 200 calls at once, none of which fails, without a restart", async () => {
    await operator.stop();
    await cluster.kubectl("delete", "validatingwebhookconfiguration", CONFIGURATION); // whose certificate is a long one
    await cluster.kubectl("patch", "secret", "perennial", "-n", OPERATOR_NAMESPACE, "--type=json", "-p", FORGET);
    const key = (await secretData())["installation-key"];
    const replica = await webhookFlags();
    operator = await startOperator(cluster, { flags: [...flags, SHORT] });
    await using _replica = await startOperator(cluster, { flags: [...replica, SHORT], waitReady: false });
    await waitUntil("the webhook is called", async () => (await createBad()) === 422);

    const seen = new Set<string>();
    const deadline = performance.now() + 100_000;
    while (seen.size < 3 && performance.now() < deadline) {
      const answers = await Promise.all(Array.from({ length: 200 }, createBad));
      expect(new Set(answers)).toEqual(new Set([422]));
      const [certificate, authorities] = [await served(flags), await trusted()];
      expect(authorities.some(({ publicKey }) => certificate.verify(publicKey))).toBe(true);
      seen.add(certificate.fingerprint256);
    }
    expect(seen.size).toBe(3);
    await waitUntil("the replica serves what the other does", async () => {
      return (await served(replica)).fingerprint256 === (await served(flags)).fingerprint256;
    });
    expect((await secretData())["installation-key"]).toBe(key);
    expect(operator.exitCode).toBeUndefined();
  });

  it("never shows a key to anybody", async () => {
    const { "webhook-tls.key": key = "" } = await secretData();
    const line = Buffer.from(key, "base64").toString().split("\n")[1] ?? "";
    expect(line).not.toBe("");
    expect(operator.output()).not.toContain(line);
    expect(await cluster.kubectl("get", "validatingwebhookconfiguration", "-o", "yaml")).not.toContain(line);
  });
});

const SHORT = "--webhook-certificate-lifetime=30s";
const FORGET = JSON.stringify(
  ["webhook-ca.crt", "webhook-tls.crt", "webhook-tls.key"].map((field) => ({ op: "remove", path: `/data/${field}` })),
);
