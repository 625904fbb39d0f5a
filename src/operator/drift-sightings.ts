/** When objects that mutate rules keep were first seen as they are, and who says to have written them: what a drift record tells. */

import { type KubernetesObject, MANAGER, type ManagedFieldsEntry } from "../object/index.ts";
import type { MutateStep } from "../plan/index.ts";

type Writer = Pick<ManagedFieldsEntry, "manager" | "time" | "subresource">;

export class DriftSightings {
  /** By the object as it is kept, which is without most of its managedFields. */
  readonly #seen = new WeakMap<KubernetesObject, { since: number; writers: readonly Writer[] }>();

  note(kept: KubernetesObject, { metadata }: KubernetesObject, since: number): void {
    const foreign = (metadata.managedFields ?? []).filter(({ manager = "" }) => !isOwn(manager));
    const writers = foreign.map(({ manager = "", time = "", subresource = "" }) => ({ manager, time, subresource }));
    this.#seen.set(kept, { since, writers });
  }

  /** Monotonic milliseconds; undefined for what was there when it was first listed. */
  sinceOf({ seen }: Pick<MutateStep, "seen">): number | undefined {
    return this.#seen.get(seen)?.since;
  }

  /** A name the client chose, with times of one second: a hint, not proof. Who writes only another part does not count. */
  writerOf({ seen, subresource }: Pick<MutateStep, "seen" | "subresource">): string | undefined {
    const ways = subresource === "status" ? STATUS : CONTENT;
    const writers = this.#seen.get(seen)?.writers.filter((writer) => ways.has(writer.subresource ?? "")) ?? [];
    return writers.toSorted((a, b) => ((a.time ?? "") < (b.time ?? "") ? -1 : 1)).at(-1)?.manager;
  }
}

const STATUS: ReadonlySet<string> = new Set(["status"]);
const CONTENT: ReadonlySet<string> = new Set(["", "scale"]);

function isOwn(manager: string): boolean {
  return manager === MANAGER || manager.startsWith(`${MANAGER}/`);
}
