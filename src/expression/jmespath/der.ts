/** DER as a tree of values: what comes of bytes that anybody may have written. */

import {
  BitString,
  Constructed,
  Boolean as DerBoolean,
  fromBER,
  GeneralizedTime,
  Integer,
  ObjectIdentifier,
  OctetString,
  Primitive,
  UTCTime,
} from "asn1js";

/** What it says is not what a certificate says at this place. */
export class NotUnderstood extends Error {}

export type Der = ReturnType<typeof fromBER>["result"];

/** Throws `NotUnderstood`, also for what is nested or split up without end. */
export function parseDer(bytes: Uint8Array): Der {
  const { offset, result } = fromBER(bytes, { maxDepth: 30, maxNodes: 5_000 });
  if (offset === -1) throw new NotUnderstood("it is no DER");
  return result;
}

/** Of a sequence, a set, or an explicit tag. */
export function membersOf(node: Der | undefined): readonly Der[] {
  if (node instanceof Constructed) return node.valueBlock.value;
  throw new NotUnderstood("a sequence is missing");
}

/** The number of a context-specific tag; undefined for every other one. */
export function tagOf(node: Der | undefined): number | undefined {
  return node?.idBlock.tagClass === 3 ? node.idBlock.tagNumber : undefined;
}

export function oidOf(node: Der | undefined): string {
  if (node instanceof ObjectIdentifier) return node.getValue();
  throw new NotUnderstood("an object identifier is missing");
}

export function integerOf(node: Der | undefined): bigint {
  if (node instanceof Integer) return node.toBigInt();
  throw new NotUnderstood("a number is missing");
}

export function isTrue(node: Der | undefined): boolean {
  return node instanceof DerBoolean && node.getValue();
}

export function isInteger(node: Der | undefined): boolean {
  return node instanceof Integer;
}

/** Whole seconds, as RFC 3339 writes them. */
export function timeOf(node: Der | undefined): string {
  if (!(node instanceof UTCTime) && !(node instanceof GeneralizedTime)) throw new NotUnderstood("a time is missing");
  const time = node.toDate();
  if (Number.isNaN(time.getTime())) throw new NotUnderstood("a time is none");
  return time.toISOString().replace(/\.\d+Z$/, "Z");
}

/** Any kind of text. */
export function textOf(node: Der | undefined): string {
  const block: object | undefined = node?.valueBlock;
  if (block !== undefined && "value" in block && typeof block.value === "string") return block.value;
  throw new NotUnderstood("a text is missing");
}

/** The content of an octet string, a bit string, or an implicit tag. */
export function bytesOf(node: Der | undefined): Uint8Array {
  const holdsBytes = node instanceof OctetString || node instanceof BitString || node instanceof Primitive;
  if (holdsBytes) return node.valueBlock.valueHexView;
  throw new NotUnderstood("an octet string is missing");
}
