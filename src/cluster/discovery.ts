/** Which kinds the API server serves, in two requests (aggregated discovery). */

import { isJsonObject, type Json, type JsonObject, type Resource, type Subresource } from "../object/index.ts";
import type { ClusterClient } from "./client.ts";
import { type ApiFailure, unexpected } from "./failure.ts";

/** `stale`: groups of aggregated APIs that do not answer, so that what they serve is not known. */
export type Discovered =
  | { ok: true; resources: Resource[]; stale: ReadonlySet<string> }
  | { ok: false; failure: ApiFailure };

const AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/** All kinds in all served versions, each kind's preferred version first, with their subresources. */
export async function discoverResources(client: ClusterClient): Promise<Discovered> {
  const resources: Resource[] = [];
  const stale = new Set<string>();
  for (const path of ["/api", "/apis"]) {
    const answer = await client.send({ method: "GET", path, accept: AGGREGATED });
    if (!answer.ok) return answer;
    if (!isJsonObject(answer.body) || answer.body.kind !== "APIGroupDiscoveryList")
      return { ok: false, failure: unexpected(path, "no aggregated discovery") }; // never "there are no kinds"
    for (const group of objectsIn(answer.body, "items")) {
      resources.push(...readGroup(group));
      if (isStale(group)) stale.add(nameOf(group));
    }
  }
  return { ok: true, resources, stale };
}

function readGroup(group: JsonObject): Resource[] {
  return objectsIn(group, "versions").flatMap((version) =>
    objectsIn(version, "resources").map((resource) =>
      readResource(nameOf(group), textAt(version, "version"), resource),
    ),
  );
}

function isStale(group: JsonObject): boolean {
  return objectsIn(group, "versions").some((version) => version.freshness === "Stale");
}

function nameOf({ metadata }: JsonObject): string {
  return textAt(isJsonObject(metadata) ? metadata : {}, "name");
}

function readResource(group: string, version: string, resource: JsonObject): Resource {
  return {
    group,
    version,
    kind: textAt(kindOf(resource), "kind"),
    plural: textAt(resource, "resource"),
    namespaced: resource.scope === "Namespaced",
    verbs: verbsOf(resource),
    subresources: objectsIn(resource, "subresources").map(readSubresource),
  };
}

/** Its kind stands there in full, as it may be another group's. */
function readSubresource(subresource: JsonObject): Subresource {
  const kind = kindOf(subresource);
  return {
    group: textAt(kind, "group"),
    version: textAt(kind, "version"),
    kind: textAt(kind, "kind"),
    name: textAt(subresource, "subresource"),
    verbs: verbsOf(subresource),
  };
}

function kindOf({ responseKind }: JsonObject): JsonObject {
  return isJsonObject(responseKind) ? responseKind : {};
}

function verbsOf({ verbs }: JsonObject): string[] {
  return Array.isArray(verbs) ? verbs.map(String) : [];
}

function objectsIn(value: Json, field: string): JsonObject[] {
  const list = isJsonObject(value) ? value[field] : undefined;
  return Array.isArray(list) ? list.filter(isJsonObject) : [];
}

function textAt(object: JsonObject, field: string): string {
  const value = object[field];
  return typeof value === "string" ? value : "";
}
