/** What a sequence is made of: operations and faults as data, printed and read back as JSON. */

import type { SourceKind } from "./kinds.ts";
import type { Place } from "./place.ts";
import type { Rule, Tier } from "./rule.ts";

export type Trigger = { place: Place; tier: Tier; color: "red" | "blue" };
export type Source = { kind: SourceKind; name: string; value: number };

/** What somebody does to an object that was generated, or stands where one should be. */
export const EDITS = [
  "delete",
  "change",
  "add",
  "apply by another manager",
  "change a label",
  "decorate",
  "take off labels",
  "take off all marks",
  "clear managedFields and change",
  "copy",
] as const;
export type Edit = (typeof EDITS)[number];

export type Operation =
  /** Creates it, or makes it so: labels it, takes labels off, edits it. */
  | { do: "put trigger"; trigger: Trigger }
  | { do: "delete trigger"; place: Place }
  /** Deletes it and creates it again at once. */
  | { do: "replace trigger"; trigger: Trigger }
  | { do: "put policy"; place: Place; rules: readonly Rule[] }
  | { do: "delete policy"; place: Place }
  | { do: "replace policy"; place: Place; rules: readonly Rule[] }
  | { do: "put source"; source: Source }
  | { do: "delete source"; source: Source }
  | { do: "edit target"; place: Place; how: Edit }
  /** Creates an object of somebody else where one may be generated. */
  | { do: "put foreign"; place: Place; owner: "nobody" | "Helm" }
  /** Waits for a while until the lane is as it should be, so that what follows meets it so. */
  | { do: "settle" };

export const FAULTS = [
  "restart the operator",
  "kill the operator",
  "restart the API server",
  "kill the API server",
  "restart etcd",
] as const;

/** What befalls all lanes of a batch once this share of their operations was done. */
export type Fault = { after: number; what: (typeof FAULTS)[number] };

export type Sequence = { operations: readonly Operation[]; faults: readonly Fault[] };

/** In JSON, an operation a line: for people, and for PERENNIAL_PROPERTY_REPLAY. */
export function printSequence({ operations, faults }: Sequence): string {
  const lines = (items: readonly object[]): string => items.map((item) => `\n  ${JSON.stringify(item)}`).join(",");
  return `{"faults":[${lines(faults)}],"operations":[${lines(operations)}]}`;
}
