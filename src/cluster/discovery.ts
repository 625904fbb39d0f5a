/** Which kinds the API server serves, in two requests (aggregated discovery). */

import { isJsonObject, type Json, type JsonObject, type Resource } from "../object/index.ts";
import type { ClusterClient } from "./client.ts";
import { type ApiFailure, unexpected } from "./failure.ts";

export type Discovered = { ok: true; resources: Resource[] } | { ok: false; failure: ApiFailure };

const AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/** All kinds in all served versions, each kind's preferred version first; subresources are left out. */
export async function discoverResources(client: ClusterClient): Promise<Discovered> {
  const resources: Resource[] = [];
  for (const path of ["/api", "/apis"]) {
    const answer = await client.send({ method: "GET", path, accept: AGGREGATED });
    if (!answer.ok) return answer;
    if (!isJsonObject(answer.body) || answer.body.kind !== "APIGroupDiscoveryList")
      return { ok: false, failure: unexpected(path, "no aggregated discovery") }; // never "there are no kinds"
    resources.push(...readGroups(answer.body));
  }
  return { ok: true, resources };
}

function readGroups(list: Json): Resource[] {
  return objectsIn(list, "items").flatMap((group) => {
    const groupName = textAt(isJsonObject(group.metadata) ? group.metadata : {}, "name");
    return objectsIn(group, "versions").flatMap((version) =>
      objectsIn(version, "resources").map((resource) => readResource(groupName, textAt(version, "version"), resource)),
    );
  });
}

function readResource(group: string, version: string, resource: JsonObject): Resource {
  const kind = isJsonObject(resource.responseKind) ? resource.responseKind : {};
  return {
    group,
    version,
    kind: textAt(kind, "kind"),
    plural: textAt(resource, "resource"),
    namespaced: resource.scope === "Namespaced",
    verbs: Array.isArray(resource.verbs) ? resource.verbs.map(String) : [],
  };
}

function objectsIn(value: Json, field: string): JsonObject[] {
  const list = isJsonObject(value) ? value[field] : undefined;
  return Array.isArray(list) ? list.filter(isJsonObject) : [];
}

function textAt(object: JsonObject, field: string): string {
  const value = object[field];
  return typeof value === "string" ? value : "";
}
