/** From the texts of files to a world with policies in it; all that is wrong with them is told at once. */

import type { Resource } from "../object/index.ts";
import { createOfflineCatalogue, prepareObjects } from "./catalogue.ts";
import { type FileText, parseDocuments } from "./documents.ts";
import { InputError } from "./input-error.ts";
import { offlinePolicy } from "./offline-policy.ts";
import { createOfflineWorld, lendUids, type OfflineWorld } from "./offline-world.ts";
import { compilePolicies, splitDocuments } from "./policies.ts";

export type LoadOptions = {
  installation: string;
  systemNamespaces: ReadonlySet<string>;
  now: Date;
  /** Kinds that count as served besides the usual ones. */
  guess?: readonly Resource[];
};

export type Loaded = { world: OfflineWorld; notes: readonly string[] };

/** Throws InputError. */
export function loadWorld(files: readonly FileText[], options: LoadOptions): Loaded {
  const { documents, problems } = parseDocuments(files);
  const { policies, resources } = splitDocuments(documents);
  const catalogue = createOfflineCatalogue(resources, options);
  const prepared = prepareObjects(resources, catalogue);
  const readable = policies.map(offlinePolicy);
  const compiled = compilePolicies(
    readable.flatMap(({ policy }) => policy ?? []),
    catalogue,
  );
  const found = [...problems, ...prepared.problems, ...compiled.problems];
  if (found.length > 0) throw new InputError(found);
  if (policies.length === 0)
    throw new InputError(["there is no policy in the files: add one of kind ClusterPolicy or Policy"]);
  const world = createOfflineWorld({
    ...options,
    catalogue,
    policies: compiled.states,
    objects: lendUids(prepared.objects),
  });
  return { world, notes: readable.flatMap(({ notes }) => notes) };
}
