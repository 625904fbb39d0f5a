/** What a mutate rule makes of a resource of an offline test. */

import { asJson, isJsonObject, type Json, type KubernetesObject, printRef, refOf } from "../object/index.ts";
import type { Plan } from "../plan/index.ts";
import type { CompiledPolicy } from "../rule/index.ts";
import { differences, printDifference } from "./differences.ts";
import type { Document } from "./documents.ts";
import type { Evaluated } from "./evaluated.ts";
import { mutateByPolicy } from "./mutate-offline.ts";
import type { OfflineWorld } from "./offline-world.ts";

type Judging = {
  world: OfflineWorld;
  policy: CompiledPolicy;
  /** As the test names it: the rule, or what is made of it for pod controllers. */
  rule: string;
  /** What should come of it; none: that is not tested. */
  wanted: readonly Document[];
};

export function judgeMutation(object: KubernetesObject, { world, policy, rule, wanted }: Judging): Evaluated {
  const outcomes = mutateByPolicy(world, policy, object);
  const mine = outcomes.filter(({ mutation }) => mutation.name === rule || mutation.writtenAs === rule);
  const failed = outcomes.find(({ failure }) => failure !== undefined);
  if (failed?.failure !== undefined) return { result: "fail", because: failed.failure.message };
  const result = mine.find((outcome) => outcome.idle === undefined);
  if (result === undefined) return { result: "skip", because: mine[0]?.idle ?? "it has no such rule" };
  return compareMutated(outcomes.at(-1)?.object ?? object, wanted);
}

/** What the plan of a rule about existing objects makes of them; each that is wanted has to come of it. */
export function judgeTargets({ steps }: Pick<Plan, "steps">, wanted: readonly Document[]): Evaluated {
  const changed = steps.flatMap((step) => (step.verb === "mutate" ? [step.object] : []));
  if (changed.length === 0) return { result: "skip", because: steps[0]?.because ?? "it finds no object to change" };
  const problems = wanted.flatMap(({ object: expected }) => {
    const made = changed.find((object) => isMeant(object, expected));
    if (made === undefined)
      return [`${printRef(refOf(expected))} is not changed, but ${changed.map(printed).join(", ")}`];
    return differences(comparable(made), comparable(expected)).map(
      (one) => `${printed(made)}: ${printDifference(one)}`,
    );
  });
  return problems.length === 0
    ? { result: "pass", because: "it changes its targets" }
    : { result: "fail", because: problems.join("; ") };
}

function printed(object: KubernetesObject): string {
  return printRef(refOf(object));
}

/** The file has what comes of the whole policy. */
function compareMutated(object: KubernetesObject, wanted: readonly Document[]): Evaluated {
  const expected = wanted.find((document) => isMeant(object, document.object));
  if (wanted.length > 0 && expected === undefined)
    return { result: "fail", because: `${printRef(refOf(object))} is not among what should come of it` };
  const problems =
    expected === undefined ? [] : differences(comparable(object), comparable(expected.object)).map(printDifference);
  return problems.length === 0
    ? { result: "pass", because: "it changes the resource" }
    : { result: "fail", because: problems.join("; ") };
}

function isMeant(made: KubernetesObject, wanted: KubernetesObject): boolean {
  const isSamePlace = wanted.metadata.namespace === undefined || wanted.metadata.namespace === made.metadata.namespace;
  return isSamePlace && made.kind === wanted.kind && made.metadata.name === wanted.metadata.name;
}

/** All but what a file does not have to say: the namespace that is meant, what only a server sets, and what is empty. */
function comparable(object: KubernetesObject): Json {
  const { metadata, ...content } = asJson(object);
  const fields = Object.entries(isJsonObject(metadata) ? metadata : {}).filter(([field]) => !UNSAID.has(field));
  return withoutEmpty({ ...content, metadata: Object.fromEntries(fields) });
}

const UNSAID = new Set(["namespace", "resourceVersion", "uid", "creationTimestamp", "generation", "managedFields"]);

/** To the API server they are the same as none, as is an empty map of names that users choose. */
function withoutEmpty(value: Json): Json {
  if (Array.isArray(value)) return value.map(withoutEmpty);
  if (!isJsonObject(value)) return value;
  const kept = Object.entries(value).filter(([field, child]) => !isNothing(field, child));
  return Object.fromEntries(kept.map(([field, child]) => [field, withoutEmpty(child)]));
}

const FREE_MAPS = new Set(["annotations", "binaryData", "data", "labels", "limits", "nodeSelector", "requests"]);

function isNothing(field: string, value: Json): boolean {
  if (Array.isArray(value)) return value.length === 0;
  return FREE_MAPS.has(field) && isJsonObject(value) && Object.keys(value).length === 0;
}
