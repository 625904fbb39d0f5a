import { X509Certificate } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import type { KubernetesObject } from "../object/index.ts";
import { printKept, readKept } from "./certificate-secret.ts";
import { makeServing } from "./certificates.ts";

const NAMES = ["perennial-webhook.perennial-system.svc", "127.0.0.1"];
const NOW = Date.parse("2026-01-01T00:00:00Z");
const LIFETIME = 90 * 24 * 3600 * 1000;

type Made = Awaited<ReturnType<typeof makeServing>>;

let made: Made;
let other: Made;

beforeAll(async () => {
  const options = { names: NAMES, now: NOW, lifetime: LIFETIME };
  [made, other] = await Promise.all([makeServing(options), makeServing(options)]);
});

describe("a serving certificate", () => {
  it("is signed by its own authority, and by no other", () => {
    const certificate = new X509Certificate(made.serving.certificate);
    expect(certificate.verify(new X509Certificate(made.authority).publicKey)).toBe(true);
    expect(certificate.verify(new X509Certificate(other.authority).publicKey)).toBe(false);
  });

  it("is good for its names, from an hour ago until its life is over, and fits its key", () => {
    const certificate = new X509Certificate(made.serving.certificate);
    expect(certificate.checkHost(NAMES[0] ?? "")).toBe(NAMES[0]);
    expect(certificate.checkIP("127.0.0.1")).toBe("127.0.0.1");
    expect(Date.parse(certificate.validFrom)).toBe(NOW - 3_600_000);
    expect(Date.parse(certificate.validTo)).toBe(NOW + LIFETIME);
    expect(certificate.ca).toBe(false);
    expect(new X509Certificate(made.authority).ca).toBe(true);
  });
});

describe("certificates in the Secret", () => {
  const secretOf = (data: { [field: string]: string }): KubernetesObject =>
    ({ apiVersion: "v1", kind: "Secret", metadata: { name: "perennial" }, data }) as KubernetesObject;

  it("are read as they were written", () => {
    const kept = { trusted: [made.authority, other.authority], current: made.serving, next: other.serving };
    expect(readKept(secretOf(printKept(kept) as { [field: string]: string }))).toEqual(kept);
    const alone = { trusted: [made.authority], current: made.serving, next: undefined };
    expect(readKept(secretOf(printKept(alone) as { [field: string]: string }))).toEqual(alone);
  });

  it.each<[string, { [field: string]: string }]>([
    ["there are none", { "installation-key": "AAAA" }],
    ["they are no certificates", { "webhook-tls.crt": "AAAA", "webhook-tls.key": "AAAA" }],
  ])("count as absent where %s", (_case, data) => {
    expect(readKept(secretOf(data))).toEqual({ trusted: [], current: undefined, next: undefined });
  });

  it("count as absent without a Secret", () => {
    expect(readKept(undefined).current).toBeUndefined();
  });
});
