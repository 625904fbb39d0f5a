/** Whether the status of a policy tells what is. */

import type { KubernetesObject } from "../../src/object/index.ts";
import type { PolicyStatus } from "../../src/policy/index.ts";
import { isOfAnotherManager, isServable } from "./judge.ts";
import { countTriggers, type Stored, unmetOf, type Want } from "./model.ts";
import { type Place, printPlace } from "./place.ts";
import { isOnce, RULES } from "./rule.ts";
import type { Seen } from "./snapshot.ts";

export type PolicyScene = {
  place: Place;
  stored: Stored;
  wants: readonly Want[];
  objects: ReadonlyMap<string, Seen>;
};

/**
 * Undefined for what is no policy. Where several claims want one object it is left open which of them fails, and where a
 * source is not there, whether what was made of it once still is.
 */
export function judgePolicy(
  policy: KubernetesObject,
  { place, stored, wants, objects }: PolicyScene,
): string | undefined {
  if (policy.metadata.annotations?.[RULES] === undefined) return undefined;
  const own = wants.filter(({ policy }) => printPlace(policy) === printPlace(place));
  const unmet = unmetOf(stored).filter(({ policy }) => printPlace(policy) === printPlace(place));
  const blocked = own.filter((want) => isBlocked(want, stored, objects.get(printPlace(want.place))));
  const expected: Told = {
    generation: policy.metadata.generation,
    Ready: "True",
    triggers: countTriggers(stored, place),
    desired: own.length,
    inSync: own.length - blocked.length,
    InSync: blocked.length + unmet.length === 0 ? "True" : "False",
  };
  const [isContested, isOpen] = [own.some((want) => isShared(want, wants)), unmet.some(({ rule }) => isOnce(rule))];
  const left = [...(isContested || isOpen ? IN_SYNC : []), ...(isOpen ? ["desired"] : [])];
  const [is, shouldBe] = [told(policy), expected].map((figures) => JSON.stringify(without(left, figures)));
  return is === shouldBe ? undefined : `has a status of ${is} instead of ${shouldBe}${failuresOf(policy)}`;
}

function failuresOf({ status }: KubernetesObject): string {
  const { failures = [] } = (status ?? {}) as PolicyStatus; // written by the operator
  return failures.map(({ reason, message }) => `; ${reason}: ${message}`).join("");
}

type Told = { [figure: string]: unknown };

const IN_SYNC = ["inSync", "InSync"];

function without(figures: readonly string[], told: Told): Told {
  return Object.fromEntries(Object.entries(told).filter(([figure]) => !figures.includes(figure)));
}

function isShared(want: Want, wants: readonly Want[]): boolean {
  return wants.some((other) => other !== want && printPlace(other.place) === printPlace(want.place));
}

/** Its namespace is not there, or another manager says that the object is his. */
function isBlocked(want: Want, stored: Stored, live: Seen | undefined): boolean {
  if (!isServable(want, stored.namespaces)) return true;
  return !isOnce(want.rule) && live !== undefined && live.marks === undefined && isOfAnotherManager(live);
}

function told(policy: KubernetesObject): Told {
  const { observedGeneration, conditions = [], summary } = (policy.status ?? {}) as PolicyStatus; // written by the operator
  const statusOf = (type: string): string | undefined =>
    conditions.find((condition) => condition.type === type)?.status;
  return {
    generation: observedGeneration,
    Ready: statusOf("Ready"),
    triggers: summary?.triggers,
    desired: summary?.desired,
    inSync: summary?.inSync,
    InSync: statusOf("InSync"),
  };
}
