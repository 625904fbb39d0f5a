/** What a drift looked like, for people: values are shortened, and the content of Secrets is never shown. */

import {
  asJson,
  isApplyEntry,
  type Json,
  type KubernetesObject,
  MANAGER,
  parsePointer,
  printJson,
  valueAt,
} from "../object/index.ts";
import type { Correction } from "./step.ts";

type Compared = { desired: KubernetesObject; live: KubernetesObject };

/** As many paths as a status shows. */
const MOST_PATHS = 10;

export function describeCorrection(pointers: readonly string[], { desired, live }: Compared): Correction {
  const paths = pointers.slice(0, MOST_PATHS);
  const manager = lastForeignManager(live);
  return {
    paths,
    ...(paths[0] === undefined ? {} : shownValues(paths[0], desired, live)),
    ...(manager === undefined ? {} : { manager }),
  };
}

/** `before` is what is wanted at the pointer, `after` what was found there; absent values are left out. */
export function shownValues(
  pointer: string,
  desired: KubernetesObject,
  live: KubernetesObject,
): { before?: string; after?: string } {
  const path = parsePointer(pointer);
  const secret = desired.kind === "Secret" && path[0] !== "metadata";
  const before = shown(valueAt(asJson(desired), path), secret);
  const after = shown(valueAt(asJson(live), path), secret);
  return { ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) };
}

const LONGEST = 120;

function shown(value: Json | undefined, secret: boolean): string | undefined {
  if (value === undefined) return undefined;
  if (secret) return "(masked)";
  const text = printJson(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 3)}...` : text;
}

/**
 * A name the client chose, with times of one second: a hint, not proof. Controllers that write status do not count, nor do our
 * mutate rules.
 */
function lastForeignManager(live: KubernetesObject): string | undefined {
  const foreign = (live.metadata.managedFields ?? []).filter(
    (entry) => !isApplyEntry(entry, MANAGER) && !entry.subresource && entry.manager?.startsWith(`${MANAGER}/`) !== true,
  );
  return foreign.sort((a, b) => (a.time ?? "").localeCompare(b.time ?? "")).at(-1)?.manager;
}
