/** How certificates stand in the Secret of the installation, beside its key. */

import { X509Certificate } from "node:crypto";
import { isJsonObject, type JsonObject, type KubernetesObject } from "../object/index.ts";
import { type Kept, NOTHING_KEPT, type Serving } from "../webhook/index.ts";

export const CERTIFICATE_FIELDS = {
  trusted: "webhook-ca.crt",
  certificate: "webhook-tls.crt",
  key: "webhook-tls.key",
  nextCertificate: "webhook-next-tls.crt",
  nextKey: "webhook-next-tls.key",
} as const;

/** What cannot be read counts as absent, and is made anew. */
export function readKept(secret: KubernetesObject | undefined): Kept {
  if (secret === undefined) return NOTHING_KEPT;
  const fields = CERTIFICATE_FIELDS;
  return {
    trusted: fieldOf(secret, fields.trusted).match(CERTIFICATE) ?? [],
    current: servingOf(fieldOf(secret, fields.certificate), fieldOf(secret, fields.key)),
    next: servingOf(fieldOf(secret, fields.nextCertificate), fieldOf(secret, fields.nextKey)),
  };
}

/** The fields as the Secret has them. */
export function printKept({ trusted, current, next }: Kept): JsonObject {
  const fields = CERTIFICATE_FIELDS;
  const texts = {
    [fields.trusted]: trusted.join(""),
    ...(current === undefined ? {} : { [fields.certificate]: current.certificate, [fields.key]: current.key }),
    ...(next === undefined ? {} : { [fields.nextCertificate]: next.certificate, [fields.nextKey]: next.key }),
  };
  return Object.fromEntries(
    Object.entries(texts).map(([field, text]) => [field, Buffer.from(text).toString("base64")]),
  );
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n?/g;

function servingOf(certificate: string, key: string): Serving | undefined {
  if (certificate === "" || key === "") return undefined;
  try {
    const { validTo, subjectAltName = "" } = new X509Certificate(certificate);
    const names = subjectAltName.split(", ").map((name) => name.replace(/^(?:DNS|IP Address):/, ""));
    return { certificate, key, notAfter: Date.parse(validTo), names };
  } catch {
    return undefined;
  }
}

function fieldOf({ data }: KubernetesObject, field: string): string {
  const fields: JsonObject = isJsonObject(data) ? data : {};
  return Buffer.from(String(fields[field] ?? ""), "base64").toString();
}
