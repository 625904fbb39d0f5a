/**
 * What is taken away before an operator has to make everything from nothing: all that was generated and that it would make
 * again. Triggers, sources, policies and whatever belongs to somebody else stay; so do adopted objects, which were there
 * before, and those of `synchronize: false`, which are made once and so would not come again.
 */

import { OPERATOR_NAMESPACE } from "../harness/index.ts";
import type { Api } from "./api.ts";
import { generatedIn } from "./claim.ts";
import type { Lane } from "./lane.ts";
import { inLane, pathOf } from "./place.ts";
import type { Snapshot } from "./snapshot.ts";

export type WipeOptions = { lanes: readonly Lane[]; forgetInventory: boolean };

export async function wipe(api: Api, snapshot: Snapshot, { lanes, forgetInventory }: WipeOptions): Promise<void> {
  const paths = lanes.flatMap(({ name }) =>
    generatedIn(snapshot.get(name) ?? []).map(({ place }) => inLane(pathOf(place), name)),
  );
  const inventory = `/api/v1/namespaces/${OPERATOR_NAMESPACE}/configmaps/perennial-inventory`;
  const all = [...paths, ...(forgetInventory ? [inventory] : [])];
  await Promise.all(all.map((path) => api.ask({ method: "DELETE", path })));
}
