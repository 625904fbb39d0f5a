/** What a sighting of an object tells: digests of it, whether it is news, and when we wrote it. */

import {
  asJson,
  contentDigest,
  contentOf,
  type Json,
  type KubernetesObject,
  MANAGER,
  printJson,
} from "../object/index.ts";
import type { Sighting } from "./target-record.ts";

/** Managed fields may have been cleared; then it is as old as it looks. */
export function writtenAt({ metadata }: KubernetesObject): number {
  const times = (metadata.managedFields ?? []).filter(({ manager }) => manager === MANAGER).map(({ time }) => time);
  return Math.max(...[metadata.creationTimestamp, ...times].map((time) => Date.parse(time ?? "") || 0));
}

export function digestOfContent(object: KubernetesObject): string {
  return contentDigest(printJson(contentOf(object)));
}

/** Content, labels, annotations and owners; not status, and no bookkeeping of the server. */
export function digestOfObject(object: KubernetesObject, content: string): string {
  const { labels = {}, annotations = {}, ownerReferences = [] } = object.metadata;
  const seen: Json = [content, labels, annotations, ownerReferences as Json, asJson(object).apiVersion ?? null];
  return contentDigest(printJson(seen));
}

/**
 * An event of what is known already tells nothing. The answer to a write does, also when nothing was changed by it: it is
 * what the server makes of what is desired now.
 */
export function isOld(seen: string, known: string, by: Sighting["by"]): boolean {
  return by === "watch" ? !isNewer(seen, known) : isNewer(known, seen);
}

/** resourceVersions are numbers that grow; where a server gives others, any difference counts as newer. */
function isNewer(seen: string, known: string): boolean {
  if (seen === known) return false;
  const [left, right] = [Number(seen), Number(known)];
  return Number.isNaN(left) || Number.isNaN(right) || left > right;
}
