/** Makes a serving certificate and the authority that signs it, and nothing else ever: its key is forgotten here. */

import "./reflect-metadata.ts";
import { randomBytes, webcrypto } from "node:crypto";
import { isIP } from "node:net";
import * as x509 from "@peculiar/x509";
import type { Serving } from "../webhook/index.ts";

export type CertificateOptions = {
  /** Names and addresses under which we are called. */
  names: readonly string[];
  /** Milliseconds since 1970. */
  now: number;
  /** Milliseconds. */
  lifetime: number;
};

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const AUTHORITY = "CN=perennial-webhook-authority";

/** Clocks of API servers may be behind. */
const SKEW = 3_600_000;

type KeyPair = webcrypto.CryptoKeyPair;

export async function makeServing(options: CertificateOptions): Promise<{ serving: Serving; authority: string }> {
  const [authority, serving] = await Promise.all([generateKeys(), generateKeys()]);
  const [authorityCertificate, certificate] = await Promise.all([
    certifyAuthority(authority, options),
    certifyServer(serving, authority, options),
  ]);
  const key = x509.PemConverter.encode(await webcrypto.subtle.exportKey("pkcs8", serving.privateKey), "PRIVATE KEY");
  return {
    serving: {
      certificate: pem(certificate),
      key: `${key.trim()}\n`,
      notAfter: certificate.notAfter.getTime(),
      names: options.names,
    },
    authority: pem(authorityCertificate),
  };
}

function generateKeys(): Promise<KeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
}

async function certifyAuthority(keys: KeyPair, options: CertificateOptions): Promise<x509.X509Certificate> {
  return x509.X509CertificateGenerator.createSelfSigned({
    ...validity(options),
    name: AUTHORITY,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
}

async function certifyServer(keys: KeyPair, authority: KeyPair, options: CertificateOptions) {
  return x509.X509CertificateGenerator.create({
    ...validity(options),
    subject: "CN=perennial-webhook",
    issuer: AUTHORITY,
    publicKey: keys.publicKey,
    signingKey: authority.privateKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(
        options.names.map((value) => ({ type: isIP(value) === 0 ? "dns" : "ip", value })),
      ),
      await x509.AuthorityKeyIdentifierExtension.create(authority.publicKey),
    ],
  });
}

function validity({ now, lifetime }: CertificateOptions) {
  return {
    // a first byte of 1 to 127: positive, and never empty after leading zeros are dropped
    serialNumber: Buffer.concat([Buffer.from([1]), randomBytes(15)]).toString("hex"),
    notBefore: new Date(now - SKEW),
    notAfter: new Date(now + lifetime),
    signingAlgorithm: ALGORITHM,
  };
}

function pem(certificate: x509.X509Certificate): string {
  return `${certificate.toString("pem").trim()}\n`;
}
