/** The name of whom a certificate is for, or by, as Go's pkix.Name. */

import type { Json, JsonObject } from "../../object/index.ts";
import { type Der, membersOf, oidOf, textOf } from "./der.ts";

/** Fields that may be there several times. */
const LISTS: Readonly<Record<string, string>> = {
  "2.5.4.6": "Country",
  "2.5.4.10": "Organization",
  "2.5.4.11": "OrganizationalUnit",
  "2.5.4.7": "Locality",
  "2.5.4.8": "Province",
  "2.5.4.9": "StreetAddress",
  "2.5.4.17": "PostalCode",
};

/** Of these the last one counts. */
const TEXTS: Readonly<Record<string, string>> = { "2.5.4.3": "CommonName", "2.5.4.5": "SerialNumber" };

export function readName(node: Der | undefined): JsonObject {
  const attributes = membersOf(node).flatMap(membersOf).map(readAttribute);
  const lists = Object.entries(LISTS).map(([oid, field]): [string, Json] => {
    const values = attributes.filter((attribute) => attribute.oid === oid).map(({ value }) => value);
    return [field, values.length === 0 ? null : values];
  });
  const texts = Object.entries(TEXTS).map(([oid, field]): [string, Json] => [
    field,
    attributes.findLast((attribute) => attribute.oid === oid)?.value ?? "",
  ]);
  const names = attributes.map(({ oid, value }) => ({ Type: oid.split(".").map(Number), Value: value }));
  return { ...Object.fromEntries([...lists, ...texts]), Names: names, ExtraNames: null };
}

function readAttribute(node: Der): { oid: string; value: string } {
  const [oid, value] = membersOf(node);
  return { oid: oidOf(oid), value: textOf(value) };
}
