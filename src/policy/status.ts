/** status: what kubectl shows of a policy. At most ten examples of each thing, so it never grows with the cluster. */

import { z } from "zod";
import { CONDITION_TYPES, type ConditionType, type Reason } from "./reason.ts";
import { keyedList, list } from "./value.ts";

const EXAMPLES = 10;

const line = (description: string) => z.string().describe(description);
/** A word of a closed catalogue to us; any text to the CRD, so that an older CRD takes what a newer operator writes. */
const word = <Word extends string>(description: string) =>
  z.custom<Word>((value) => typeof value === "string").meta({ type: "string", description });
const count = (description: string) => z.int().min(0).describe(description);
const time = (description: string) => z.string().meta({ format: "date-time", description });

const objectReference = (description: string) =>
  z
    .strictObject({
      apiVersion: line("The object's API version."),
      kind: line("The object's kind."),
      namespace: line("The object's namespace; absent for cluster-scoped objects.").optional(),
      name: line("The object's name."),
    })
    .describe(description);

const condition = z
  .strictObject({
    type: word<ConditionType>(`One of ${Object.keys(CONDITION_TYPES).join(", ")}.`),
    status: z.enum(["True", "False", "Unknown"]).describe("True, False or Unknown."),
    observedGeneration: count("The generation of the policy that the condition is about.").optional(),
    lastTransitionTime: time("When the status last changed."),
    reason: word<Reason>("Why, in one word of the catalogue of reasons."),
    message: line("Why, for people."),
  })
  .describe("One aspect of the policy's state.");

const summary = z
  .strictObject({
    triggers: count("How many objects the rules match."),
    desired: count("How many objects should exist."),
    inSync: count("How many of these are exactly as desired."),
    corrected: count("How many drifts were put right since the operator started."),
    ratio: line("inSync and desired for people, such as 48/50."),
    deepCheckPending: count(
      "How many of these are in sync by ownership and wait, since the start, to be compared with a fresh object; absent when none does.",
    ).optional(),
  })
  .describe("The policy in figures.");

const ruleStatus = z
  .strictObject({
    name: line("The rule's name."),
    type: line("What the rule does: Generate, Mutate, or Edge for one that acts once for each change."),
    triggers: count("How many objects the rule matches."),
    desired: count("How many objects the rule wants."),
    inSync: count("How many of these are exactly as desired."),
    failed: count("How many of its triggers fail."),
  })
  .describe("One rule in figures.");

const failure = z
  .strictObject({
    rule: line("The rule that fails."),
    trigger: objectReference("The object for which it fails.").optional(),
    target: objectReference("The object that should be made or changed.").optional(),
    reason: word<Reason>("Why, in one word of the catalogue of reasons."),
    message: line("Why, for people, and what to do."),
    time: time("When it last failed."),
  })
  .describe("One failure.");

const driftRecord = z
  .strictObject({
    rule: line("The rule that wants the object.").optional(),
    target: objectReference("The object that was changed."),
    paths: z.array(line("A path.")).max(EXAMPLES).describe("The fields that were changed, as JSON pointers."),
    before: line("What the rule wants there; content of Secrets is masked.").optional(),
    after: line("What was found there; content of Secrets is masked.").optional(),
    manager: line("The field manager that changed it, as the client named itself.").optional(),
    user: line("Who changed it, when users are recorded.").optional(),
    millis: count("Milliseconds from the event to the answer to the correcting write."),
    time: time("When it was put right."),
  })
  .describe("One change that was put right.");

export const status = z
  .strictObject({
    mode: line("The mode the policy is carried out in.").optional(),
    observedGeneration: count("The generation of the policy that this status is about.").optional(),
    conditions: keyedList(condition, {
      key: "type",
      maxItems: 10,
      description: "Ready, InSync, Reconciling, Stalled and PermissionsGranted.",
    }).optional(),
    summary: summary.optional(),
    rules: keyedList(ruleStatus, { key: "name", maxItems: 300, description: "The figures of each rule." }).optional(),
    failures: list(failure, EXAMPLES, "The most recent failures, at most 10.").optional(),
    drifts: list(driftRecord, EXAMPLES, "The most recent changes that were put right, at most 10.").optional(),
  })
  .describe("What was last seen and done; written by the operator.");

export type PolicyStatus = z.infer<typeof status>;
export type RuleStatus = z.infer<typeof ruleStatus>;
export type StatusSummary = z.infer<typeof summary>;
export type ObjectReference = z.infer<ReturnType<typeof objectReference>>;
export type Condition = z.infer<typeof condition>;
export type Failure = z.infer<typeof failure>;
export type Drift = z.infer<typeof driftRecord>;
