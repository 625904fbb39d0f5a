/** What the extensions of a certificate say that rules ask for: other names, and what it may be used for. */

import type { Json, JsonObject } from "../../object/index.ts";
import { bytesOf, type Der, integerOf, isInteger, isTrue, membersOf, oidOf, parseDer, tagOf } from "./der.ts";

const OTHER_NAMES = "2.5.29.17";
const BASIC_CONSTRAINTS = "2.5.29.19";
const KEY_USAGE = "2.5.29.15";
const EXTENDED_KEY_USAGE = "2.5.29.37";

/** All of them. */
export function readExtensions(extensions: readonly Der[]): JsonObject {
  return {
    ...readOtherNames(extensions),
    ...readConstraints(contentOf(BASIC_CONSTRAINTS, extensions)),
    KeyUsage: readKeyUsage(contentOf(KEY_USAGE, extensions)),
    ExtKeyUsage: readExtendedUsage(contentOf(EXTENDED_KEY_USAGE, extensions)),
  };
}

function contentOf(oid: string, extensions: readonly Der[]): Der | undefined {
  const extension = extensions.find((candidate) => oidOf(membersOf(candidate)[0]) === oid);
  return extension === undefined ? undefined : parseDer(bytesOf(membersOf(extension).at(-1)));
}

const EMAIL = 1;
const DNS = 2;
const ADDRESS = 7;

/** None is null, as an empty list is in Go. */
export function readOtherNames(extensions: readonly Der[]): JsonObject {
  const names = contentOf(OTHER_NAMES, extensions);
  const all = names === undefined ? [] : membersOf(names);
  const found = (tag: number, print: (bytes: Uint8Array) => string): Json => {
    const values = all.filter((name) => tagOf(name) === tag).map((name) => print(bytesOf(name)));
    return values.length === 0 ? null : values;
  };
  const text = (bytes: Uint8Array): string => new TextDecoder("latin1").decode(bytes);
  return {
    DNSNames: found(DNS, text),
    EmailAddresses: found(EMAIL, text),
    IPAddresses: found(ADDRESS, printAddress),
  };
}

function printAddress(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join(".");
  const groups = Array.from({ length: bytes.length >> 1 }, (_, i) =>
    (((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0)).toString(16),
  );
  const host = URL.parse(`http://[${groups.join(":")}]`)?.hostname; // in its short form
  return host?.slice(1, -1) ?? groups.join(":");
}

function readConstraints(constraints: Der | undefined): JsonObject {
  const members = constraints === undefined ? [] : membersOf(constraints);
  const length = members.find(isInteger);
  return {
    BasicConstraintsValid: constraints !== undefined,
    IsCA: isTrue(members[0]),
    MaxPathLen: length === undefined ? (constraints === undefined ? 0 : -1) : Number(integerOf(length)),
  };
}

/** Go has a bit for each use; the first bit of the bit string is the lowest there. */
function readKeyUsage(usage: Der | undefined): number {
  const [first = 0, second = 0] = usage === undefined ? [] : bytesOf(usage);
  const bits = [...Array(8).keys()].map((i) => ((first >> (7 - i)) & 1) << i);
  return bits.reduce((sum, bit) => sum + bit, second >> 7 === 1 ? 1 << 8 : 0);
}

const ANY_USE = "2.5.29.37.0";
const USES = "1.3.6.1.5.5.7.3.";

/** Go's numbers: 0 any, 1 server, 2 client, 3 code, 4 mail, 5 to 7 IPsec, 8 time stamps, 9 OCSP. Others are left out. */
function readExtendedUsage(usage: Der | undefined): Json {
  const oids = usage === undefined ? [] : membersOf(usage).map(oidOf);
  const uses = oids.flatMap((oid) => {
    if (oid === ANY_USE) return [0];
    const use = oid.startsWith(USES) ? Number(oid.slice(USES.length)) : 0;
    return use >= 1 && use <= 9 ? [use] : [];
  });
  return uses.length === 0 ? null : uses;
}
