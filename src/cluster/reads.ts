/** Lists in pages, and watches as streams of events. */

import {
  collectionPath,
  isJsonObject,
  type KubernetesObject,
  type Resource,
  resourceApiVersion,
} from "../object/index.ts";
import type { ClusterClient } from "./client.ts";
import type { ApiFailure } from "./failure.ts";

export type Selection = {
  resource: Resource;
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
};

export type ListPage =
  | { ok: true; objects: KubernetesObject[]; resourceVersion: string; continue: string }
  | { ok: false; failure: ApiFailure };

const PAGE = 500;

export async function listPage(client: ClusterClient, selection: Selection, token: string): Promise<ListPage> {
  const answer = await client.send({
    method: "GET",
    path: collectionPath(selection.resource, selection.namespace),
    query: { limit: String(PAGE), ...(token === "" ? {} : { continue: token }), ...selectors(selection) },
  });
  if (!answer.ok) return answer;
  const list = answer.body;
  const metadata = isJsonObject(list) && isJsonObject(list.metadata) ? list.metadata : {};
  const items = isJsonObject(list) && Array.isArray(list.items) ? list.items : [];
  const type = { apiVersion: resourceApiVersion(selection.resource), kind: selection.resource.kind };
  return {
    ok: true,
    // items of a list carry no type of their own
    objects: items.map((item) => ({ ...(item as KubernetesObject), ...type })), // what a list holds are objects
    resourceVersion: String(metadata.resourceVersion ?? ""),
    continue: typeof metadata.continue === "string" ? metadata.continue : "",
  };
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
    },
    signal,
  );
  return answer.ok ? { ok: true, events: parseEvents(answer.body) } : answer;
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
    for (const line of lines) if (line !== "") yield JSON.parse(line) as WatchEvent; // the shape of the watch API
  }
}

function selectors({ labelSelector, fieldSelector }: Selection): { [name: string]: string } {
  return {
    ...(labelSelector === undefined ? {} : { labelSelector }),
    ...(fieldSelector === undefined ? {} : { fieldSelector }),
  };
}
