/**
 * The table "What happens" of the language, row by row and column by column: what happens to a generated object, and what is
 * there afterwards. A state reads `made=1`: the target made has the value 1, and was written since; `, untouched`: it was not
 * written by Perennial; `, unmarked`: it is nobody's any more; "": there is none.
 */

import type { Hands } from "./hands.ts";
import type { Column, Parts } from "./scene.ts";

export type Mode = "running" | "stopped";

/** Edge-like cells differ when nobody looked. */
type Outcome = string | { [mode in Mode]: string };

export type Row = {
  change: string;
  /** Without: the usual policy. */
  policy?: Partial<Parts>;
  /** Sources that are there from the start, by column; without: `made`. */
  sources?: { [source: string]: string };
  /** Objects beside the sources that the selector does not select. */
  strangers?: string[];
  /** What is there before the change; without: `made=1`. */
  before?: string;
  act(hands: Hands): Promise<unknown>;
  outcome: { [column in Column]?: Outcome };
};

const KEPT = "made=1, untouched";
const BACK = "made=1";
const GONE = "";

/** Of synchronized rules all three columns, and of the others. */
function columns(sync: Outcome, once: Outcome): Row["outcome"] {
  return {
    ...{ data: sync, clone: sync, cloneList: sync },
    ...{ "data, once": once, "clone, once": once, "cloneList, once": once },
  };
}

export const ROWS: readonly Row[] = [
  {
    change: "the target is edited",
    act: (hands) => hands.editTarget("made", "edited"),
    outcome: columns(BACK, "made=edited, untouched"),
  },
  {
    change: "the target is deleted",
    act: (hands) => hands.deleteTarget("made"),
    outcome: columns(BACK, GONE),
  },
  {
    change: "the target is deleted, and then the trigger changes",
    act: async (hands) => {
      await hands.deleteTarget("made");
      await hands.trigger({ note: "changed" });
    },
    // a change that nobody saw counts only of a trigger that is less than a minute old (docs/decisions/0017-seen-until.md)
    outcome: columns(BACK, { running: BACK, stopped: `${BACK} or ${GONE}` }),
  },
  {
    change: "the trigger is deleted",
    act: (hands) => hands.deleteTrigger(),
    outcome: columns(GONE, KEPT),
  },
  {
    change: "the trigger stops matching",
    act: (hands) => hands.trigger({}, "none"),
    outcome: columns(GONE, KEPT),
  },
  {
    change: "the preconditions turn false",
    act: (hands) => hands.trigger({ on: "no" }),
    outcome: columns(GONE, KEPT),
  },
  {
    change: "the trigger changes and still holds",
    act: (hands) => hands.trigger({ v: "2" }),
    outcome: { ...columns(KEPT, KEPT), data: "made=2" },
  },
  {
    change: "the source changes",
    act: (hands) => hands.source("made", "2"),
    outcome: { clone: "made=2", cloneList: "made=2", "clone, once": KEPT, "cloneList, once": KEPT },
  },
  {
    change: "the source is deleted",
    act: (hands) => hands.deleteSource("made"),
    outcome: { clone: GONE, "clone, once": KEPT },
  },
  {
    change: "one of the sources is deleted",
    sources: { made: "1", other: "1" },
    before: "made=1; other=1",
    act: (hands) => hands.deleteSource("made"),
    outcome: { cloneList: "other=1, untouched", "cloneList, once": "made=1, untouched; other=1, untouched" },
  },
  {
    change: "the source appears",
    sources: {},
    before: "",
    act: (hands) => hands.source("made"),
    outcome: { clone: BACK, cloneList: BACK, "clone, once": BACK, "cloneList, once": BACK },
  },
  {
    change: "another source appears",
    act: (hands) => hands.source("other"),
    outcome: { cloneList: "made=1, untouched; other=1", "cloneList, once": "made=1, untouched; other=1" },
  },
  {
    change: "another source comes to match the selector",
    strangers: ["other"],
    act: (hands) => hands.source("other"),
    outcome: { cloneList: "made=1, untouched; other=1", "cloneList, once": "made=1, untouched; other=1" },
  },
  {
    change: "the target is deleted, and then another source appears",
    act: async (hands) => {
      await hands.deleteTarget("made");
      await hands.source("other");
    },
    outcome: { cloneList: "made=1; other=1", "cloneList, once": "other=1" },
  },
  {
    change: "the target is deleted, and then its source gets another label",
    act: async (hands) => {
      await hands.deleteTarget("made");
      await hands.source("made", "1", "none");
    },
    // and the same of a source that nobody saw change
    outcome: { clone: BACK, "clone, once": { running: GONE, stopped: `${BACK} or ${GONE}` } },
  },
  {
    change: "the policy is deleted",
    act: (hands) => hands.deletePolicy(),
    outcome: columns(GONE, "made=1, unmarked"),
  },
  {
    change: "the policy is deleted, with orphanDownstreamOnPolicyDelete",
    policy: { orphan: true },
    act: (hands) => hands.deletePolicy(),
    outcome: columns("made=1, unmarked", "made=1, unmarked"),
  },
  {
    change: "the rule is deleted",
    policy: { rules: "second" },
    act: (hands) => hands.policy({ rules: "without" }),
    outcome: columns(GONE, "made=1, unmarked"),
  },
  {
    change: "the rule's content is edited",
    sources: { made: "1", second: "2" },
    act: (hands) => hands.policy({ value: "2", source: "second" }),
    outcome: { data: "made=2", clone: "made=2", "data, once": KEPT, "clone, once": KEPT },
  },
  {
    change: "the target's name is edited in the rule",
    act: (hands) => hands.policy({ name: "moved" }),
    outcome: { data: "moved=1", clone: "moved=1", "data, once": KEPT, "clone, once": KEPT },
  },
  {
    change: "the rule's selector of sources is edited",
    act: (hands) => hands.policy({ label: "none" }),
    outcome: { cloneList: GONE, "cloneList, once": KEPT },
  },
  {
    change: "the rule's match is edited",
    act: (hands) => hands.policy({ triggers: "none" }),
    outcome: columns(GONE, KEPT),
  },
  {
    change: "the trigger of a rule for DELETE is deleted",
    policy: { operations: ["DELETE"] },
    before: "",
    act: (hands) => hands.deleteTrigger(),
    outcome: columns({ running: BACK, stopped: GONE }, { running: BACK, stopped: GONE }),
  },
  {
    change: "a value of the context changes",
    policy: { value: "{{ settings.data.v }}", source: "{{ settings.data.v }}" },
    sources: { 1: "1", 2: "2" },
    act: (hands) => hands.settings("2"),
    outcome: { data: "made=2", clone: "made=2", "data, once": KEPT, "clone, once": KEPT },
  },
  {
    change: "the list of foreach shrinks",
    policy: { foreach: true },
    sources: { a: "1", b: "1" },
    before: "a=1; b=1",
    act: (hands) => hands.trigger({ list: "a" }),
    outcome: columns("a=1, untouched", "a=1, untouched; b=1, untouched"),
  },
];
