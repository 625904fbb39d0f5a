/** A lane: names of its own in the cluster, and what the sequence that runs there has to remember. */

import type { JsonObject, KubernetesObject } from "../../src/object/index.ts";
import type { Answer, Api, Ask } from "./api.ts";
import { collectionOf, HOME, headOf, inLane, outOfLane, type Place, pathOf, placeOf, printPlace } from "./place.ts";

/** What the model cannot know from what is stored: objects that nobody but the sequence itself may take away or touch. */
export type Memory = {
  /** Made by the sequence where something may be generated: adopted or not, they stay. By place: the uid. */
  persisting: Map<string, string>;
  /** Objects that are not Perennial's to write, as they were made. By place. */
  untouched: Map<string, KubernetesObject>;
};

export class Lane {
  readonly name: string;
  readonly memory: Memory = { persisting: new Map(), untouched: new Map() };
  readonly #api: Api;

  constructor(name: string, api: Api) {
    this.name = name;
    this.#api = api;
  }

  async prepare(): Promise<void> {
    await this.create(headOf({ kind: "Namespace", namespace: "", name: HOME }));
  }

  async get(place: Place): Promise<KubernetesObject | undefined> {
    const { status, body } = await this.#ask({ method: "GET", path: pathOf(place) });
    return status === 200 ? asObject(body) : undefined;
  }

  /** The object as it was made; undefined when it was not, or nobody can tell who did it. */
  async create(object: KubernetesObject): Promise<KubernetesObject | undefined> {
    const { kind, namespace } = placeOf(object);
    const answer = await this.#ask({ method: "POST", path: collectionOf(kind, namespace), body: object });
    return answer.status === 201 && !answer.repeated ? asObject(answer.body) : undefined;
  }

  /** Creates it, or makes it so. */
  async apply(object: KubernetesObject, manager = "property"): Promise<void> {
    const path = `${pathOf(placeOf(object))}?fieldManager=${manager}&force=true`;
    await this.#ask({ method: "PATCH", path, body: object, contentType: "application/apply-patch+yaml" });
  }

  async patch(place: Place, body: JsonObject): Promise<void> {
    await this.#ask({ method: "PATCH", path: pathOf(place), body, contentType: "application/merge-patch+json" });
  }

  async remove(place: Place): Promise<void> {
    this.forget(place);
    await this.#ask({ method: "DELETE", path: pathOf(place) });
  }

  /** Whatever becomes of it now is the sequence's own doing. */
  forget(place: Place): void {
    for (const map of [this.memory.persisting, this.memory.untouched]) {
      map.delete(printPlace(place));
      if (place.kind !== "Namespace") continue;
      for (const key of map.keys()) if (key.includes(` ${place.name}/`)) map.delete(key);
    }
  }

  async #ask(ask: Ask): Promise<Answer> {
    const answer = await this.#api.ask(inLane(ask, this.name));
    return { ...answer, body: outOfLane(answer.body, this.name) };
  }
}

function asObject(body: JsonObject): KubernetesObject {
  return body as KubernetesObject; // what the API server answers to a request for one object
}
