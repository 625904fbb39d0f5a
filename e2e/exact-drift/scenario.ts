/** A row of the table: what a policy wants, what somebody does to the target, and what must come out. */

import type { JsonObject } from "../../src/object/index.ts";
import type { Hands } from "./hands.ts";

export type Outcome =
  /** Content as that of a fresh object, by at most so many writes of the operator. */
  | { is: "repaired"; writes: number; deepOnly?: true }
  /** The same, and the operator wrote nothing. */
  | { is: "inSync" }
  /** The server takes it from nobody: neither from somebody else, nor from us. */
  | { is: "refused" }
  /** It cannot be put right: the status says why and where, and it is not tried for ever. */
  | { is: "notAccepted"; path: string };

export type Scenario = {
  title: string;
  outcome: Outcome;
  /** What the policy wants; the kind's own manifest when left out. */
  desired?: JsonObject;
  /** Labels and annotations that the policy wants. */
  metadata?: JsonObject;
  /** What the oracle makes a fresh object of: for manifests with nulls, which are not sent. */
  fresh?: JsonObject;
  /** What was there before the policy. */
  before?: (somebody: Hands) => Promise<unknown>;
  act?: (somebody: Hands) => Promise<unknown>;
  /** What the policy is edited to want, after the act. */
  change?: JsonObject;
  /**
   * How the operator meets the act. `live`: as it is done. `held`: the operator is held up meanwhile, so that steps which
   * only count together are met together. `down`: it does not run meanwhile. Left out: live.
   */
  met?: "live" | "held" | "down";
  /** Where the act is to stay: JSON pointers, which the oracle leaves out. */
  keeps?: readonly string[];
  /** The act changes who owns what, and no content. */
  ownershipOnly?: true;
  /** The row is not in the reference's table; says why it is here. */
  beyond?: string;
  /** The reference's table tells another outcome; says which, and why that is no longer so. */
  instead?: { of: Outcome; because: string };
};

export const inSync: Outcome = { is: "inSync" };
export const refused: Outcome = { is: "refused" };

export function repaired(writes: number): Outcome {
  return { is: "repaired", writes };
}

export function notAccepted(path: string): Outcome {
  return { is: "notAccepted", path };
}

/** In the words of the reference. */
export function tellOutcome(outcome: Outcome): string {
  switch (outcome.is) {
    case "repaired":
      return outcome.deepOnly
        ? "not seen by ownership; the deep check finds it"
        : `repaired, writes: ${outcome.writes}`;
    case "inSync":
      return "in sync, no write";
    case "refused":
      return "the server refuses it";
    case "notAccepted":
      return "NotAccepted or ImmutableField, with the path";
  }
}
