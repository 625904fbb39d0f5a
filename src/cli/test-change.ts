/** The change that an offline test of an edge rule is about: the resource as it is, and what the values say of the request. */

import { asJson, type JsonObject, type KubernetesObject } from "../object/index.ts";
import type { CompiledRule, Operation } from "../rule/index.ts";
import type { SeenChange } from "../state/index.ts";
import { objectAt } from "./test-values.ts";

/** Undefined for a rule about what is stored. Without a word of it the first operation counts that the rule listens to. */
export function changeInTest(
  { changes }: CompiledRule,
  trigger: KubernetesObject,
  { values, now }: { values: JsonObject; now: Date },
): SeenChange | undefined {
  if (changes === undefined) return undefined;
  const said = [...OPERATIONS].find((operation) => operation === values["request.operation"]);
  const operation = said ?? OPERATIONS.find((each) => changes.has(each)) ?? "UPDATE";
  const before = objectAt(values, ["request", "oldObject"], operation === "CREATE" ? undefined : asJson(trigger));
  // as far as a test says what it was
  const oldObject = before as KubernetesObject | undefined;
  return { operation, trigger, oldObject, id: "test", time: now };
}

/** An update before a deletion before a creation. */
const OPERATIONS: readonly Operation[] = ["UPDATE", "DELETE", "CREATE"];
