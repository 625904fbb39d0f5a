/** What a rule wants for a trigger, asked by somebody else than its own claim. */

import { type KubernetesObject, keyOf, type ObjectKey } from "../object/index.ts";
import type { CompiledRule, DesiredTarget } from "../rule/index.ts";
import type { ClaimKey, World } from "../state/index.ts";
import { RecordedSnapshot } from "./snapshot.ts";

/**
 * `unknown`: nobody can say just now. `wants`: what it makes, and as what it keeps it; nothing keeps what is made, or was made,
 * once. `mayWant`: why nothing may be
 * concluded from what is not among them, as when what it copies may come back.
 */
export type Wish =
  | { type: "unknown"; because: string }
  | { type: "known"; wants: ReadonlyMap<ObjectKey, DesiredTarget | undefined>; mayWant: string | undefined };

/** `lastSeen`: as for the absence of a trigger. */
export type Asked = { rule: CompiledRule; trigger: KubernetesObject; lastSeen: number };

/** What claims want, asked once for a plan however many targets it has: a rule gives all that it wants for a trigger at once. */
export type Wishes = { of(key: ClaimKey, asked: Asked): Wish };

/** Good for one plan, as long as the world stands still. */
export function createWishes(world: World): Wishes {
  const known = new Map<string, Wish>();
  return {
    of(key, asked) {
      const at = `${asked.lastSeen} ${key}`;
      const wish = known.get(at) ?? wishOf(world, asked);
      known.set(at, wish);
      return wish;
    },
  };
}

function wishOf(world: World, { rule, trigger, lastSeen }: Asked): Wish {
  const snapshot = new RecordedSnapshot(world);
  const desired = rule.desired(trigger, snapshot);
  if (snapshot.unknown !== undefined) return { type: "unknown", because: `${snapshot.unknown} is not known yet` };
  if (!desired.ok) return { type: "unknown", because: desired.message };
  const made = rule.synchronize ? [] : desired.unmet.map(({ target }) => target);
  const kept = desired.targets.map((target) => [keyOf(target.ref), rule.synchronize ? target : undefined] as const);
  const wants = new Map([...made.map((ref) => [keyOf(ref), undefined] as const), ...kept]);
  return { type: "known", wants, mayWant: desired.failed?.[0]?.message ?? snapshot.whyHeld(lastSeen)?.because };
}
