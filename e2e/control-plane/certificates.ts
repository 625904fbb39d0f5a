/** The keys and certificates of one control plane: an authority, the API server's certificate, the service account keys. */
import "./reflect-metadata.ts";
import { randomBytes, webcrypto } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as x509 from "@peculiar/x509";

/** Paths of PEM files. Private keys are readable by their owner only. */
export interface CertificateFiles {
  readonly caFile: string;
  readonly caKeyFile: string;
  readonly servingFile: string;
  readonly servingKeyFile: string;
  /** Signs the tokens of service accounts, and checks them. */
  readonly serviceAccountKeyFile: string;
  readonly serviceAccountPublicKeyFile: string;
}

/** The names under which the API server is reached, from outside and (10.0.0.1) as the Service `kubernetes`. */
const servingNames: x509.JsonGeneralName[] = [
  { type: "ip", value: "127.0.0.1" },
  { type: "ip", value: "10.0.0.1" },
  { type: "dns", value: "localhost" },
  { type: "dns", value: "kubernetes" },
  { type: "dns", value: "kubernetes.default" },
  { type: "dns", value: "kubernetes.default.svc" },
  { type: "dns", value: "kubernetes.default.svc.cluster.local" },
];

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const hour = 3600 * 1000;
const tenYears = 10 * 365 * 24 * hour;

/** Makes all of them anew and writes them into `folder`, which must exist. They are valid for ten years. */
export async function writeCertificates(folder: string, now: Date): Promise<CertificateFiles> {
  const [ca, serving, serviceAccount] = await Promise.all([generateKeys(), generateKeys(), generateKeys()]);
  const [caCertificate, servingCertificate] = await Promise.all([
    certifyAuthority(ca, now),
    certifyServer(serving, ca, now),
  ]);
  const publicFile = async (name: string, pem: string) => write(join(folder, name), pem, 0o644);
  const privateFile = async (name: string, key: CryptoKey) => write(join(folder, name), await privatePem(key), 0o600);
  const [caFile, caKeyFile, servingFile, servingKeyFile, serviceAccountKeyFile, serviceAccountPublicKeyFile] =
    await Promise.all([
      publicFile("ca.pem", caCertificate.toString("pem")),
      privateFile("ca-key.pem", ca.privateKey),
      publicFile("serving.pem", servingCertificate.toString("pem")),
      privateFile("serving-key.pem", serving.privateKey),
      privateFile("service-account-key.pem", serviceAccount.privateKey),
      publicFile("service-account.pem", await publicPem(serviceAccount.publicKey)),
    ]);
  return { caFile, caKeyFile, servingFile, servingKeyFile, serviceAccountKeyFile, serviceAccountPublicKeyFile };
}

type CryptoKey = webcrypto.CryptoKey;
type KeyPair = webcrypto.CryptoKeyPair;

function generateKeys(): Promise<KeyPair> {
  return webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
}

async function certifyAuthority(keys: KeyPair, now: Date): Promise<x509.X509Certificate> {
  return x509.X509CertificateGenerator.createSelfSigned({
    ...validity(now),
    name: authorityName,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.digitalSignature, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
}

async function certifyServer(keys: KeyPair, authority: KeyPair, now: Date): Promise<x509.X509Certificate> {
  return x509.X509CertificateGenerator.create({
    ...validity(now),
    subject: "CN=kube-apiserver",
    issuer: authorityName,
    publicKey: keys.publicKey,
    signingKey: authority.privateKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(servingNames),
      await x509.AuthorityKeyIdentifierExtension.create(authority.publicKey),
    ],
  });
}

const authorityName = "CN=perennial-control-plane";

function validity(now: Date) {
  return {
    // 16 bytes whose first is in 1..127: positive, and never empty after leading zeros are dropped.
    serialNumber: Buffer.concat([Buffer.from([1 + (now.getTime() % 127)]), randomBytes(15)]).toString("hex"),
    notBefore: new Date(now.getTime() - hour),
    notAfter: new Date(now.getTime() + tenYears),
    signingAlgorithm: algorithm,
  };
}

async function privatePem(key: CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await webcrypto.subtle.exportKey("pkcs8", key), "PRIVATE KEY");
}

async function publicPem(key: CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await webcrypto.subtle.exportKey("spki", key), "PUBLIC KEY");
}

async function write(path: string, text: string, mode: number): Promise<string> {
  await writeFile(path, `${text.trim()}\n`, { mode });
  return path;
}
