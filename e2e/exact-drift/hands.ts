/** What somebody else does to one object: each method of the API, under any field manager's name. */

import type { Json, JsonObject, KubernetesObject } from "../../src/object/index.ts";
import { type Answer, type Api, isSuccess, type Request } from "./api.ts";
import type { Kind } from "./kinds.ts";

export type Place = { kind: Kind; namespace: string; name: string };

/** Under which name, in which API version and at which subresource, where it is not the usual one. */
export type How = { as?: string; version?: string; subresource?: string };

export type Operation =
  | { op: "add" | "replace"; path: string; value: Json }
  | { op: "remove"; path: string }
  | { op: "move"; from: string; path: string };

/** Text is sent as it stands. */
export type Patch = JsonObject | string;

export class Hands {
  readonly #api: Api;
  readonly place: Place;
  /** What the server said to each thing that was done, reads left out. */
  readonly answers: Answer[] = [];

  constructor(api: Api, place: Place) {
    this.#api = api;
    this.place = place;
  }

  async live(): Promise<KubernetesObject | undefined> {
    const answer = await this.#api.send({ method: "GET", path: this.#path() });
    return isSuccess(answer) ? (answer.body as KubernetesObject) : undefined; // what an API server answers to a GET
  }

  merge(patch: Patch, how: How = {}): Promise<Answer> {
    return this.#patch("application/merge-patch+json", patch, { as: "kubectl-edit", ...how });
  }

  /** As `kubectl patch` does for built-in kinds. */
  strategic(patch: Patch, how: How = {}): Promise<Answer> {
    return this.#patch("application/strategic-merge-patch+json", patch, { as: "kubectl-patch", ...how });
  }

  /** A JSON patch. */
  edit(operations: readonly Operation[], how: How = {}): Promise<Answer> {
    return this.#patch("application/json-patch+json", [...operations], { as: "kubectl-edit", ...how });
  }

  /** Forced server-side apply of this content, and of metadata when it says any. */
  apply(content: JsonObject, as: string, { metadata = {}, version }: { metadata?: JsonObject; version?: string } = {}) {
    const body = this.#object(content, metadata, version);
    const query = { fieldManager: as, force: "true" };
    const path = this.#path({ ...(version === undefined ? {} : { version }) });
    return this.#do({ method: "PATCH", path, query, contentType: "application/apply-patch+yaml", body });
  }

  /** What the object would be after these operations, which are not done. */
  preview(operations: readonly Operation[]): Promise<Answer> {
    return this.#api.send({
      method: "PATCH",
      path: this.#path(),
      query: { dryRun: "All" },
      contentType: "application/json-patch+json",
      body: [...operations],
    });
  }

  /** A PUT of the whole object with this content in place of its own, or with its own. */
  async replace(content?: JsonObject): Promise<Answer> {
    const live = await this.live();
    if (live === undefined) throw new Error(`${this.#path()} is not there to be replaced`);
    const { resourceVersion: _whatever, ...metadata } = live.metadata;
    const { apiVersion, kind } = live;
    const body = { ...(content === undefined ? live : { apiVersion, kind, ...content }), metadata } as JsonObject; // an object is JSON
    return this.#do({ method: "PUT", path: this.#path(), query: { fieldManager: "kubectl-replace" }, body });
  }

  create(content: JsonObject, { version }: { version?: string } = {}): Promise<Answer> {
    const body = this.#object(content, { labels: { "app.kubernetes.io/managed-by": "perennial" } }, version);
    const path = collectionPath(this.place, version);
    return this.#do({ method: "POST", path, query: { fieldManager: "kubectl-create" }, body });
  }

  remove(): Promise<Answer> {
    return this.#do({ method: "DELETE", path: this.#path() });
  }

  clearManagedFields(): Promise<Answer> {
    return this.edit([{ op: "replace", path: "/metadata/managedFields", value: [{}] }], { as: "mallory" });
  }

  /** Takes the entries of all other managers away, so that what they added belongs to nobody. */
  async keepOnlyEntriesOf(manager: string): Promise<Answer> {
    const live = await this.live();
    const kept = (live?.metadata.managedFields ?? []).filter((entry) => entry.manager === manager);
    const value = kept as Json; // entries are JSON
    return this.edit([{ op: "replace", path: "/metadata/managedFields", value }], { as: "mallory" });
  }

  /** Something done to something else. */
  send(request: Request): Promise<Answer> {
    return this.#do(request);
  }

  #patch(contentType: string, body: Json | string, { as = "", version, subresource }: How): Promise<Answer> {
    const path = this.#path({
      ...(version === undefined ? {} : { version }),
      ...(subresource === undefined ? {} : { subresource }),
    });
    return this.#do({ method: "PATCH", path, query: { fieldManager: as }, contentType, body });
  }

  async #do(request: Request): Promise<Answer> {
    const answer = await this.#api.send(request);
    this.answers.push(answer);
    return answer;
  }

  #path({ version, subresource }: { version?: string; subresource?: string } = {}): string {
    const object = `${collectionPath(this.place, version)}/${this.place.name}`;
    return subresource === undefined ? object : `${object}/${subresource}`;
  }

  #object(content: JsonObject, metadata: JsonObject, version?: string): JsonObject {
    return objectOf(this.place, content, metadata, version);
  }
}

export function objectOf(
  { kind, namespace, name }: Place,
  content: JsonObject,
  metadata: JsonObject,
  version?: string,
) {
  return {
    apiVersion: version ?? kind.apiVersion,
    kind: kind.kind,
    metadata: { ...metadata, name, ...(namespace === "" ? {} : { namespace }) },
    ...content,
  } satisfies JsonObject;
}

export function collectionPath({ kind, namespace }: Place, version = kind.apiVersion): string {
  const group = version === "v1" ? "/api/v1" : `/apis/${version}`;
  return `${group}${namespace === "" ? "" : `/namespaces/${namespace}`}/${kind.plural}`;
}
