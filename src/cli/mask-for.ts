/** The mask that fits a world: nothing is hidden outside of Secrets where no rule can have read one. */

import { createMask, type Mask } from "./mask.ts";
import type { OfflineWorld } from "./offline-world.ts";

export function maskFor(world: OfflineWorld): Mask {
  const resource = world.catalogue.findKind({ group: "", kind: "Secret" });
  const secrets = (resource === undefined ? undefined : world.objects(resource)?.values()) ?? [];
  return createMask(secrets, { areRead: readsSecrets(world) });
}

function readsSecrets(world: OfflineWorld): boolean {
  const rules = [...world.policies.values()].flatMap((state) =>
    state.phase === "compiled" ? [...state.compiled.rules, ...state.compiled.mutations] : [],
  );
  const resources = rules.flatMap(({ triggers, reads }) => [...triggers, ...reads.map(({ resource }) => resource)]);
  return resources.some(({ group, kind }) => group === "" && kind === "Secret");
}
