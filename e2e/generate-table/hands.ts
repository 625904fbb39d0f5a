/** The hands of a person in one cell: everything that can happen around a generated object. */

import type { KubernetesObject } from "../../src/object/index.ts";
import type { Api } from "../exact-drift/api.ts";
import { type Column, nameIn, originOf, type Parts, policyOf, SHARED_ORIGIN, USUAL } from "./scene.ts";

export type Data = { [key: string]: string };

const POLICIES = "/apis/perennial.dev/v1/clusterpolicies";

export class Hands {
  readonly id: string;
  readonly #api: Api;
  readonly #column: Column;
  readonly #origin: string;
  /** Targets as a change of them left them, by name. */
  readonly touched = new Map<string, string>();

  constructor(api: Api, id: string, column: Column) {
    this.#api = api;
    this.id = id;
    this.#column = column;
    this.#origin = originOf(id, column);
  }

  async namespaces(): Promise<void> {
    for (const name of new Set([this.id, this.#origin]).difference(new Set([SHARED_ORIGIN])))
      await this.#apply("/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name } });
  }

  policy(parts: Partial<Parts> = {}): Promise<unknown> {
    return this.#apply(POLICIES, policyOf(this.id, this.#column, { ...USUAL, ...parts }));
  }

  deletePolicy(): Promise<unknown> {
    return this.#send("DELETE", `${POLICIES}/${this.id}`);
  }

  trigger(data: Data = {}, label = "trigger"): Promise<unknown> {
    const all = { v: "1", on: "yes", list: "a,b", ...data };
    return this.#configMap(this.id, "trigger", { data: all, labels: { cell: label } });
  }

  deleteTrigger(): Promise<unknown> {
    return this.#send("DELETE", pathOf(this.id, "trigger"));
  }

  settings(v: string): Promise<unknown> {
    return this.#configMap(this.id, "settings", { data: { v } });
  }

  source(name: string, v = "1", label = "copied"): Promise<unknown> {
    return this.#configMap(this.#origin, nameIn(this.id, name), {
      data: { v },
      labels: { cell: nameIn(this.id, label) },
    });
  }

  deleteSource(name: string): Promise<unknown> {
    return this.#send("DELETE", pathOf(this.#origin, nameIn(this.id, name)));
  }

  async editTarget(name: string, v: string): Promise<void> {
    const { uid, resourceVersion } = (
      await this.#send("PATCH", pathOf(this.id, nameIn(this.id, name)), { data: { v } })
    ).metadata;
    this.touched.set(name, `${uid} at ${resourceVersion}`);
  }

  deleteTarget(name: string): Promise<unknown> {
    return this.#send("DELETE", pathOf(this.id, nameIn(this.id, name)));
  }

  #configMap(namespace: string, name: string, { data, labels = {} }: { data: Data; labels?: Data }): Promise<unknown> {
    const metadata = { name, namespace, labels };
    return this.#apply(`/api/v1/namespaces/${namespace}/configmaps`, {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata,
      data,
    });
  }

  #apply(collection: string, object: object): Promise<KubernetesObject> {
    const { name } = (object as KubernetesObject).metadata; // whole objects, as above
    const query = { fieldManager: "person", force: "true" };
    return this.#send("PATCH", `${collection}/${name}`, object, { query, contentType: "application/apply-patch+yaml" });
  }

  async #send(
    method: "PATCH" | "DELETE",
    path: string,
    body?: object,
    more: { query?: Data; contentType?: string } = {},
  ): Promise<KubernetesObject> {
    const contentType = "application/merge-patch+json";
    const sent = body === undefined ? {} : { contentType, body: JSON.stringify(body) };
    const answer = await this.#api.send({ method, path, ...sent, ...more });
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${JSON.stringify(answer.body)}`);
    return answer.body as KubernetesObject; // of a success
  }
}

function pathOf(namespace: string, name: string): string {
  return `/api/v1/namespaces/${namespace}/configmaps/${name}`;
}
