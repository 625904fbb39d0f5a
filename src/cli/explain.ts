/** Why the rules of a policy do or do not apply to an object, as text. */

import {
  asJson,
  groupOf,
  isJsonObject,
  type Json,
  type KubernetesObject,
  printRef,
  refOf,
  valueAt,
} from "../object/index.ts";
import { planClaim, snapshotOf } from "../plan/index.ts";
import type { CompiledRule, ConditionCheck, Explanation, FilterCheck, PartCheck } from "../rule/index.ts";
import { type ClaimKey, claimKey, createInventory, namespaceOf, type PolicyState } from "../state/index.ts";
import { noteNamespace } from "./assumptions.ts";
import { InputError } from "./input-error.ts";
import { MASKED, type Mask } from "./mask.ts";
import { planOffline } from "./offline-plan.ts";
import type { OfflineWorld } from "./offline-world.ts";
import { reportPlan } from "./plan-report.ts";
import { printTargets } from "./print-plan.ts";

export type ExplainedRule = { applies: boolean; text: string };

/** Changes the world as `planOffline` does. */
export function explainPolicy(
  world: OfflineWorld,
  { policy, trigger }: { policy: PolicyState; trigger: KubernetesObject },
  mask: Mask,
): ExplainedRule[] {
  if (policy.phase !== "compiled") return [];
  const explained = policy.compiled.rules.map((rule, i) => {
    const key = claimKey({ policy: policy.ref, rule: rule.name, trigger: refOf(trigger) });
    const hidden = secretNames(policy, i, trigger);
    return { rule, key, ...explainRule(world, rule, { key, trigger, hidden, mask }) };
  });
  const report = reportPlan(world, planOffline(world), { mask, notes: [] });
  return explained.map(({ rule, applies, lines }) => {
    const isMine = (wish: { policy: string; rule: string; trigger: string }): boolean =>
      wish.rule === rule.name &&
      wish.trigger === printRef(refOf(trigger)) &&
      wish.policy === printRef({ ...policy.ref, group: "" });
    const made = printTargets(report.targets.filter(isMine), report.failures.filter(isMine));
    return { applies, text: [...lines, ...(made === "" ? [] : ["  then", made])].join("\n") };
  });
}

type Explaining = { key: ClaimKey; trigger: KubernetesObject; hidden: ReadonlySet<string>; mask: Mask };

function explainRule(world: OfflineWorld, rule: CompiledRule, { key, trigger, hidden, mask }: Explaining) {
  const surroundings = { namespaceLabels: (name: string) => namespaceOf(world, name)?.metadata.labels };
  const explanation = rule.explain(trigger, surroundings, snapshotOf(world));
  const plan = planClaim({ ...world, inventory: createInventory(world.installation) }, key);
  const applies = plan.fate === "desired" && !plan.idle && plan.failures.length === 0;
  const because = plan.failures[0]?.message ?? plan.because;
  const lines = [
    `rule ${rule.name} ${applies ? "applies" : `does not apply: ${mask.text(because)}`}`,
    ...printFilters("match", explanation.match),
    ...printFilters("exclude", explanation.exclude),
    ...noteLabels(world, rule, trigger),
    ...printContext(explanation, hidden, mask),
    ...printConditions(explanation.preconditions, hidden, mask),
  ];
  return { applies, lines };
}

function printFilters(which: "match" | "exclude", filters: readonly FilterCheck[]): string[] {
  return filters.flatMap(({ path, parts }) => {
    const holds = parts.every(({ whyNot }) => whyNot === undefined);
    const head = `  ${path} ${holds ? "holds" : "does not hold"}${which === "exclude" && holds ? ": it is left out" : ""}`;
    return [head, ...parts.map(printPart)];
  });
}

function printPart({ field, whyNot }: PartCheck): string {
  return whyNot === undefined ? `    yes  ${field}` : `    no   ${field}: ${whyNot}`;
}

/** The one thing that is taken for granted and decides here. */
function noteLabels(world: OfflineWorld, { readsNamespace }: CompiledRule, { metadata }: KubernetesObject): string[] {
  const note =
    readsNamespace && metadata.namespace !== undefined ? noteNamespace(world, metadata.namespace) : undefined;
  return note === undefined ? [] : [`  note: ${note}`];
}

function printContext({ context }: Explanation, hidden: ReadonlySet<string>, mask: Mask): string[] {
  if (context.length === 0) return [];
  const lines = context.map(({ name, value }) => {
    if (!value.ok) return `    no   ${name}: ${mask.text(value.message)}`;
    return `    yes  ${name} = ${hidden.has(name) ? MASKED : printValue(value.value, mask)}`;
  });
  return ["  context", ...lines];
}

function printConditions(conditions: readonly ConditionCheck[], hidden: ReadonlySet<string>, mask: Mask): string[] {
  if (conditions.length === 0) return [];
  return ["  preconditions", ...conditions.map((condition) => printCondition(condition, hidden, mask))];
}

function printCondition(
  { path, operator, reads, compared }: ConditionCheck,
  hidden: ReadonlySet<string>,
  mask: Mask,
): string {
  if (!compared.ok) return `    no   ${path}: ${mask.text(compared.message)}`;
  const isSecret = [...reads].some((read) => hidden.has(read));
  const shown = (value: Json): string => (isSecret ? MASKED : printValue(value, mask));
  const sides = `${shown(compared.key)} ${operator} ${shown(compared.value)}`;
  return `    ${compared.holds ? "yes " : "no  "} ${path}: ${sides}`;
}

const LONGEST = 200;

function printValue(value: Json, mask: Mask): string {
  const text = JSON.stringify(mask.json(value));
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 3)}...` : text;
}

/** Variables whose values hold content of Secrets: the trigger itself, lookups of Secrets, and what is made of them. */
function secretNames(policy: PolicyState, index: number, trigger: KubernetesObject): ReadonlySet<string> {
  const names = new Set<string>(trigger.kind === "Secret" && groupOf(trigger.apiVersion) === "" ? REQUEST : []);
  const context = valueAt(asJson(policy.object), ["spec", "rules", index, "context"]);
  for (const entry of Array.isArray(context) ? context : []) {
    if (!isJsonObject(entry) || typeof entry.name !== "string") continue;
    const text = JSON.stringify(entry);
    const looksUp = /\/secrets(?:[/?"{]|$)/.test(text);
    if (looksUp || [...names].some((name) => text.includes(name))) names.add(entry.name);
  }
  return names;
}

const REQUEST = ["request", "request.object"];

/** The policy that a name means: `name`, or `namespace/name` of a Policy. Throws InputError. */
export function findPolicy(world: OfflineWorld, name: string): PolicyState {
  const policies = [...world.policies.values()];
  const found = policies.find(({ ref }) => name === (ref.namespace === "" ? ref.name : `${ref.namespace}/${ref.name}`));
  if (found !== undefined) return found;
  const known = policies.map(({ ref }) => `${ref.namespace === "" ? "" : `${ref.namespace}/`}${ref.name}`);
  throw new InputError([`there is no policy ${name} in the files; there is ${known.join(", ")}`]);
}

/** The object that `kind/name` or `kind/namespace/name` means; kinds as kubectl has them. Throws InputError. */
export function findObject(world: OfflineWorld, text: string): KubernetesObject {
  const [kind = "", ...place] = text.split("/");
  const name = place.at(-1);
  if (place.length < 1 || place.length > 2 || name === undefined || name === "")
    throw new InputError([`${text} names no object: write kind/name or kind/namespace/name, such as namespace/shop`]);
  const namespace = place.length === 2 ? place[0] : undefined;
  const resources = [...world.catalogue.all()].filter(
    (resource) =>
      isKindName(kind, resource.kind) ||
      isKindName(kind, resource.plural) ||
      kind === `${resource.plural}.${resource.group}`,
  );
  const objects = resources.flatMap((resource) => [...(world.objects(resource)?.values() ?? [])]);
  const found = objects.find(
    ({ metadata }) => metadata.name === name && (namespace === undefined || metadata.namespace === namespace),
  );
  if (found !== undefined) return found;
  const why = resources.length === 0 ? `no kind ${kind} is known here` : `there is no ${text} in the files`;
  throw new InputError([`${why}: add it to the files, or correct the name`]);
}

function isKindName(text: string, name: string): boolean {
  return text.toLowerCase() === name.toLowerCase();
}
