/**
 * How it shows that the operator has taken in all that came before: a change of each kind that is watched, made after
 * everything else, and seen through to its effect. Events of one watch come in their order.
 */

import type { KubernetesObject } from "../../src/object/index.ts";
import { waitUntil } from "../harness/index.ts";
import type { Api } from "./api.ts";
import { type Place, pathOf, placeOf, printPlace } from "./place.ts";
import {
  effectOf,
  SENTINEL,
  STILL_PLACES,
  sentinelPolicies,
  sentinelTriggers,
  tokenPlaces,
} from "./sentinel-objects.ts";

export class Sentinel {
  readonly #api: Api;
  #round = 0;

  constructor(api: Api) {
    this.#api = api;
  }

  async prepare(): Promise<void> {
    await this.#apply(sentinelTriggers(SENTINEL, "0"));
    await this.#apply(sentinelPolicies("0"));
  }

  /** Every event that the API server had sent until now was taken in. */
  async passes(): Promise<void> {
    const token = `${++this.#round}`;
    const before = await Promise.all(STILL_PLACES.map(async (place) => (await this.#get(place))?.metadata.uid));
    await this.#remove(STILL_PLACES);
    await this.#apply(sentinelTriggers(SENTINEL, token));
    await this.#apply(sentinelPolicies(token));
    for (const place of tokenPlaces(SENTINEL))
      await this.#wait(place, (live) => JSON.stringify(live?.data) === JSON.stringify({ token }));
    for (const [i, place] of STILL_PLACES.entries())
      await this.#wait(place, (live) => live !== undefined && live.metadata.uid !== before[i]);
  }

  /** Whatever was deleted until now, custom resources and policies too, has had its effect: something later has. */
  async delaysPass(): Promise<void> {
    const name = `gone-${++this.#round}`;
    const short = sentinelTriggers(name, name).filter(({ kind }) => kind === "Widget");
    await this.#apply(short);
    const effects = short.map(effectOf);
    for (const place of effects) await this.#wait(place, (live) => live !== undefined);
    await this.#remove(short.map(placeOf));
    for (const place of effects) await this.#wait(place, (live) => live === undefined);
  }

  async #apply(objects: readonly KubernetesObject[]): Promise<void> {
    for (const object of objects) {
      const path = `${pathOf(placeOf(object))}?fieldManager=sentinel&force=true`;
      await this.#api.ask({ method: "PATCH", path, body: object, contentType: "application/apply-patch+yaml" });
    }
  }

  async #remove(places: readonly Place[]): Promise<void> {
    await Promise.all(places.map((place) => this.#api.ask({ method: "DELETE", path: pathOf(place) })));
  }

  async #get(place: Place): Promise<KubernetesObject | undefined> {
    const { status, body } = await this.#api.ask({ method: "GET", path: pathOf(place) });
    return status === 200 ? (body as KubernetesObject) : undefined; // the answer to a request for one object
  }

  async #wait(place: Place, isSo: (live: KubernetesObject | undefined) => boolean): Promise<void> {
    await waitUntil(`the operator has seen to ${printPlace(place)}`, async () => isSo(await this.#get(place)));
  }
}
