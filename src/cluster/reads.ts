/** Lists in pages, and watches as streams of events. */

import {
  collectionPath,
  isJsonObject,
  type Json,
  type KubernetesObject,
  parseJson,
  resourceApiVersion,
} from "../object/index.ts";
import type { ClusterClient } from "./client.ts";
import { type ApiFailure, unexpected } from "./failure.ts";
import type { Selection } from "./selection.ts";

export type ListPage =
  | { ok: true; objects: KubernetesObject[]; resourceVersion: string; continue: string }
  | { ok: false; failure: ApiFailure };

const PAGE = 500;

export async function listPage(client: ClusterClient, selection: Selection, token: string): Promise<ListPage> {
  const answer = await client.send({
    method: "GET",
    path: collectionPath(selection.resource, selection.namespace),
    query: { limit: String(PAGE), ...(token === "" ? {} : { continue: token }), ...selectors(selection) },
    ...accepting(selection, "PartialObjectMetadataList"),
  });
  if (!answer.ok) return answer;
  const list = readList(answer.body);
  if (list === undefined) return { ok: false, failure: unexpected(collectionPath(selection.resource), "no list") };
  const { items, metadata } = list;
  return {
    ok: true,
    objects: items.map((item) => asSelected(item as KubernetesObject, selection)), // what a list holds are objects
    resourceVersion: metadata.resourceVersion,
    continue: metadata.continue,
  };
}

/**
 * Items of a list carry no type of their own, and metadata alone that of metadata. A server that knows no such form sends whole
 * objects; no more is kept of them either.
 */
function asSelected(object: KubernetesObject, { resource, metadataOnly }: Selection): KubernetesObject {
  const type = { apiVersion: resourceApiVersion(resource), kind: resource.kind };
  return metadataOnly ? { ...type, metadata: object.metadata } : { ...object, ...type };
}

/** What only shows metadata asks for it; a server that cannot say it answers as it can. */
function accepting({ metadataOnly }: Selection, form: string): { accept?: string } {
  return metadataOnly ? { accept: `application/json;as=${form};g=meta.k8s.io;v=1,application/json` } : {};
}

type List = { items: Json[]; metadata: { resourceVersion: string; continue: string } };

/** Undefined for whatever is no list: an empty list means "there are none", so nothing else may look like one. */
function readList(body: Json): List | undefined {
  if (!isJsonObject(body) || !isJsonObject(body.metadata) || !String(body.kind).endsWith("List")) return undefined;
  const { resourceVersion, continue: token } = body.metadata;
  const items = body.items ?? [];
  const whole =
    Array.isArray(items) && items.every(isNamed) && typeof resourceVersion === "string" && resourceVersion !== "";
  return whole ? { items, metadata: { resourceVersion, continue: typeof token === "string" ? token : "" } } : undefined;
}

function isNamed(item: Json): boolean {
  return isJsonObject(item) && isJsonObject(item.metadata) && typeof item.metadata.name === "string";
}

export type WatchEvent =
  | { type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK"; object: KubernetesObject }
  | { type: "ERROR"; object: { code?: number; reason?: string; message?: string } };

export type WatchStream = { ok: true; events: AsyncIterable<WatchEvent> } | { ok: false; failure: ApiFailure };

/** Opens a watch that goes on from `resourceVersion`; the server ends it after `timeoutSeconds`. */
export async function openWatch(
  client: ClusterClient,
  selection: Selection,
  from: { resourceVersion: string; timeoutSeconds: number },
  signal: AbortSignal,
): Promise<WatchStream> {
  const answer = await client.stream(
    {
      method: "GET",
      path: collectionPath(selection.resource, selection.namespace),
      query: {
        watch: "true",
        allowWatchBookmarks: "true",
        resourceVersion: from.resourceVersion,
        timeoutSeconds: String(from.timeoutSeconds),
        ...selectors(selection),
      },
      ...accepting(selection, "PartialObjectMetadata"),
    },
    signal,
  );
  if (!answer.ok) return answer;
  const events = parseEvents(answer.body);
  return { ok: true, events: selection.metadataOnly ? onlyMetadata(events, selection) : events };
}

/** A bookmark has the type of metadata too, but only its resourceVersion counts; an error is a Status. */
async function* onlyMetadata(events: AsyncIterable<WatchEvent>, selection: Selection): AsyncGenerator<WatchEvent> {
  for await (const event of events)
    yield event.type === "ERROR" ? event : { type: event.type, object: asSelected(event.object, selection) };
}

/** One JSON document a line. A line longer than this is no event of any API server. */
const MAX_LINE = 64 * 1024 * 1024;

async function* parseEvents(body: AsyncIterable<Buffer>): AsyncGenerator<WatchEvent> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of body) {
    rest += decoder.decode(chunk, { stream: true });
    const lines = rest.split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > MAX_LINE) throw new Error(`a watch event of more than ${MAX_LINE} characters`);
    for (const line of lines) if (line !== "") yield parseJson(line) as WatchEvent; // the shape of the watch API
  }
}

function selectors({ labelSelector, name }: Selection): { [name: string]: string } {
  return {
    ...(labelSelector === undefined ? {} : { labelSelector }),
    ...(name === undefined ? {} : { fieldSelector: `metadata.name=${name}` }),
  };
}
