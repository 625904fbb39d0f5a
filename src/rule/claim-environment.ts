/**
 * Chance and time as the expressions of one claim see them. Both stand still, so that a plan made again is the same plan:
 * random() depends on who asks and where (docs/reference/marks.md), and the time is that of the claim's first apply. Only
 * what decides whether the rule applies sees the time go on.
 */

import type { Budget, Environment, HashAlgorithm } from "../expression/index.ts";
import { type ClaimIdentity, isEqual, isJsonObject, type Json, printJson } from "../object/index.ts";
import type { Snapshot } from "./rule.ts";

/** `usesClock`: of the rule; a rule that does not use it needs no first apply. `budget`: for all that is evaluated. */
export type ClaimEnvironmentOptions = {
  snapshot: Snapshot;
  claim: ClaimIdentity;
  usesClock: boolean;
  budget: Budget;
};

/** Steps for one claim: no more than a second or two, whatever a foreach runs over. */
export const CLAIM_STEPS = 5_000_000;

export class ClaimEnvironment implements Environment {
  readonly #options: ClaimEnvironmentOptions;
  /** Names the element of a foreach; asked only when there is chance in what is made for it. */
  readonly #element: () => string;

  constructor(options: ClaimEnvironmentOptions, element: () => string = () => "") {
    this.#options = options;
    this.#element = element;
  }

  get budget(): Budget {
    return this.#options.budget;
  }

  now(): Date {
    const { snapshot, claim, usesClock } = this.#options;
    return usesClock ? snapshot.firstApplied(claim) : snapshot.environment.now();
  }

  hash(algorithm: HashAlgorithm, text: string): string {
    return this.#options.snapshot.environment.hash(algorithm, text);
  }

  random(place: string): () => number {
    const { snapshot, claim } = this.#options;
    const { group, kind, namespace, name } = claim.policy;
    const path = place.replace(IN_POLICY, "");
    return snapshot.numbers([group, kind, namespace, name, claim.rule, claim.triggerUid, path, this.#element()]);
  }

  ofElement(elements: readonly Json[], index: number): ClaimEnvironment {
    return new ClaimEnvironment(this.#options, () => nameElement(elements, index));
  }

  /** For one of several objects, however many there are. */
  withNewBudget(): ClaimEnvironment {
    return new ClaimEnvironment({ ...this.#options, budget: { left: CLAIM_STEPS } }, this.#element);
  }

  /** Itself where no time is asked for. */
  inRealTime(): ClaimEnvironment {
    return this.#options.usesClock ? new ClaimEnvironment({ ...this.#options, usesClock: false }, this.#element) : this;
  }
}

/** A rule keeps its values when others are written before it. */
const IN_POLICY = /^spec\.rules\[\d+\]\./;

/** By what it is, not by where it stands: others may come and go. Equal ones are counted. */
function nameElement(elements: readonly Json[], index: number): string {
  const element = elements[index] ?? null;
  const equal = elements.slice(0, index).filter((other) => isEqual(other, element)).length;
  return `${printJson(sorted(element))}${equal === 0 ? "" : ` #${equal}`}`;
}

function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isJsonObject(value)) return value;
  const keys = Object.keys(value).sort((a, b) => (a < b ? -1 : 1)); // the same in any locale
  return Object.fromEntries(keys.map((key) => [key, sorted(value[key] ?? null)]));
}
