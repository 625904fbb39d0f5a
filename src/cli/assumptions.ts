/** What was taken for granted, where it decides something. */

import { keyOf, printRef } from "../object/index.ts";
import type { OfflineWorld } from "./offline-world.ts";

/** Namespaces whose labels a rule asks for, and that are not in the files. */
export function noteAssumptions(world: OfflineWorld): string[] {
  const rules = [...world.policies.values()].flatMap((state) =>
    state.phase === "compiled" ? state.compiled.rules : [],
  );
  const resources = rules.filter(({ readsNamespace }) => readsNamespace).flatMap(({ triggers }) => triggers);
  const objects = resources.flatMap((resource) => [...(world.objects(resource)?.values() ?? [])]);
  const namespaces = new Set(objects.flatMap(({ metadata }) => metadata.namespace ?? []));
  return [
    ...[...namespaces].flatMap((name) => noteNamespace(world, name) ?? []),
    ...noteEdges(world),
    ...noteSent(world),
  ];
}

/** Nor what is sent to subresources of theirs. */
function noteSent(world: OfflineWorld): string[] {
  return [...world.policies.values()].flatMap((state) =>
    (state.phase === "compiled" ? state.compiled.mutations : []).flatMap(({ name, triggers, requests }) => {
      if (triggers.length > 0 || requests.length === 0) return [];
      return [`rule ${name} of ${printRef(state.ref)} changes what is sent to subresources, of which files show none`];
    }),
  );
}

/** Files show states, and no changes. */
function noteEdges(world: OfflineWorld): string[] {
  return [...world.policies.values()].flatMap((state) =>
    (state.phase === "compiled" ? state.compiled.rules : []).flatMap(({ name, changes, asks }) => {
      if (changes === undefined) return [];
      const what = asks === undefined ? "changes" : "requests";
      const operations = [...changes].join(", ");
      return [`rule ${name} of ${printRef(state.ref)} acts on ${what} (${operations}), of which files show none`];
    }),
  );
}

export function noteNamespace(world: OfflineWorld, name: string): string | undefined {
  if (world.get(keyOf({ group: "", kind: "Namespace", namespace: "", name })) !== undefined) return undefined;
  return `Namespace ${name} is not in the files, so it has no labels here, which a rule asks for`;
}
