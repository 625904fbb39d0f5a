/** A certificate, or a request for one, under the names that Go has for its fields. Only RSA keys, as in Kyverno. */

import type { Json, JsonObject } from "../../object/index.ts";
import { decodeBase64 } from "./base64.ts";
import {
  bytesOf,
  type Der,
  integerOf,
  isInteger,
  membersOf,
  NotUnderstood,
  oidOf,
  parseDer,
  tagOf,
  timeOf,
} from "./der.ts";
import { readExtensions, readOtherNames } from "./x509-extensions.ts";
import { readName } from "./x509-name.ts";

/** `text`: PEM; of several blocks the first counts. */
export function decodeX509(text: string): { value: JsonObject } | { problem: string } {
  const bytes = firstBlock(text);
  if (bytes === undefined) return { problem: "it needs a certificate in PEM, from -----BEGIN CERTIFICATE----- on" };
  try {
    return { value: readSigned(parseDer(bytes)) };
  } catch (error) {
    const why = error instanceof NotUnderstood ? error.message : "it is no DER";
    return { problem: `the PEM block is no certificate and no request for one: ${why}` };
  }
}

const MARKER = "-----";

function firstBlock(text: string): Uint8Array | undefined {
  const begin = text.indexOf(`${MARKER}BEGIN `);
  const from = text.indexOf(MARKER, begin + MARKER.length);
  const to = text.indexOf(`${MARKER}END `, from);
  if (begin < 0 || from < 0 || to < 0) return undefined;
  return decodeBase64(text.slice(from + MARKER.length, to).replaceAll(/\s/g, ""));
}

function readSigned(signed: Der): JsonObject {
  const [content] = membersOf(signed);
  const members = membersOf(content);
  const isRequest = isInteger(members[0]) && tagOf(members[3]) === 0;
  return isRequest ? readRequest(members) : readCertificate(members);
}

function readCertificate(members: readonly Der[]): JsonObject {
  const [first] = members;
  const isVersioned = tagOf(first) === 0;
  const version = isVersioned ? integerOf(membersOf(first)[0]) + 1n : 1n;
  const [serial, , issuer, validity, subject, key, ...more] = isVersioned ? members.slice(1) : members;
  const [notBefore, notAfter] = membersOf(validity);
  const extensions = more.find((member) => tagOf(member) === 3);
  return {
    Version: Number(version),
    SerialNumber: numberOf(integerOf(serial)),
    Issuer: readName(issuer),
    NotBefore: timeOf(notBefore),
    NotAfter: timeOf(notAfter),
    Subject: readName(subject),
    PublicKeyAlgorithm: RSA,
    PublicKey: readKey(key),
    ...readExtensions(extensions === undefined ? [] : membersOf(membersOf(extensions)[0])),
  };
}

function readRequest([version, subject, key, attributes]: readonly Der[]): JsonObject {
  const asked = membersOf(attributes).find((attribute) => oidOf(membersOf(attribute)[0]) === EXTENSION_REQUEST);
  const [extensions] = asked === undefined ? [] : membersOf(membersOf(asked)[1]);
  return {
    Version: Number(integerOf(version)),
    Subject: readName(subject),
    PublicKeyAlgorithm: RSA,
    PublicKey: readKey(key),
    ...readOtherNames(extensions === undefined ? [] : membersOf(extensions)),
  };
}

const EXTENSION_REQUEST = "1.2.840.113549.1.9.14";
const RSA_ENCRYPTION = "1.2.840.113549.1.1.1";
/** Go's number for it. */
const RSA = 1;

function readKey(info: Der | undefined): JsonObject {
  const [algorithm, bits] = membersOf(info);
  if (oidOf(membersOf(algorithm)[0]) !== RSA_ENCRYPTION) throw new NotUnderstood("only RSA keys are known");
  const [modulus, exponent] = membersOf(parseDer(bytesOf(bits)));
  return { N: String(integerOf(modulus)), E: numberOf(integerOf(exponent)) };
}

function numberOf(value: bigint): Json {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
