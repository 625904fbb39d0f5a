/** Why the rules of a policy do or do not apply to an object, as text. */

import { asJson, groupOf, isJsonObject, type KubernetesObject, printRef, refOf, valueAt } from "../object/index.ts";
import { planClaim, snapshotOf } from "../plan/index.ts";
import type { CompiledRule } from "../rule/index.ts";
import { type ClaimKey, claimKey, createInventory, namespaceOf, type PolicyState } from "../state/index.ts";
import { noteNamespace } from "./assumptions.ts";
import { explainMutations } from "./explain-mutations.ts";
import { InputError } from "./input-error.ts";
import type { Mask } from "./mask.ts";
import { planOffline } from "./offline-plan.ts";
import type { OfflineWorld } from "./offline-world.ts";
import { reportPlan } from "./plan-report.ts";
import { printExplanation } from "./print-explanation.ts";
import { printTargets } from "./print-plan.ts";

export type ExplainedRule = { applies: boolean; text: string };

/** Changes the world as `planOffline` does. */
export function explainPolicy(
  world: OfflineWorld,
  { policy, trigger }: { policy: PolicyState; trigger: KubernetesObject },
  mask: Mask,
): ExplainedRule[] {
  if (policy.phase !== "compiled") return [];
  const mutated = explainMutations(world, { policy: policy.compiled, trigger }, (name) => ({
    hidden: secretNames(policy, name, trigger),
    mask,
  }));
  const explained = policy.compiled.rules.map((rule) => {
    const key = claimKey({ policy: policy.ref, rule: rule.name, trigger: refOf(trigger) });
    const hidden = secretNames(policy, rule.name, trigger);
    return { rule, key, ...explainRule(world, rule, { key, trigger, hidden, mask }) };
  });
  const report = reportPlan(world, planOffline(world), { mask, notes: [] });
  const generated = explained.map(({ rule, applies, lines }) => {
    const isMine = (wish: { policy: string; rule: string; trigger: string }): boolean =>
      wish.rule === rule.name &&
      wish.trigger === printRef(refOf(trigger)) &&
      wish.policy === printRef({ ...policy.ref, group: "" });
    const made = printTargets(report.targets.filter(isMine), report.failures.filter(isMine));
    return { applies, text: [...lines, ...(made === "" ? [] : ["  then", made])].join("\n") };
  });
  return [...mutated, ...generated];
}

type Explaining = { key: ClaimKey; trigger: KubernetesObject; hidden: ReadonlySet<string>; mask: Mask };

function explainRule(world: OfflineWorld, rule: CompiledRule, { key, trigger, hidden, mask }: Explaining) {
  const surroundings = { namespaceLabels: (name: string) => namespaceOf(world, name)?.metadata.labels };
  const explanation = rule.explain(trigger, surroundings, snapshotOf(world));
  const plan = planClaim({ ...world, inventory: createInventory(world.installation) }, key);
  const applies = plan.fate === "desired" && !plan.idle && plan.failures.length === 0;
  const because = plan.failures[0]?.message ?? plan.because;
  const head = `rule ${rule.name} ${applies ? "applies" : `does not apply: ${mask.text(because)}`}`;
  const labels = noteLabels(world, rule, trigger);
  return { applies, lines: [head, ...printExplanation(explanation, { labels, hidden, mask })] };
}

/** The one thing that is taken for granted and decides here. */
function noteLabels(world: OfflineWorld, { readsNamespace }: CompiledRule, { metadata }: KubernetesObject): string[] {
  const note =
    readsNamespace && metadata.namespace !== undefined ? noteNamespace(world, metadata.namespace) : undefined;
  return note === undefined ? [] : [`  note: ${note}`];
}

/** Variables whose values hold content of Secrets: the trigger itself, lookups of Secrets, and what is made of them. */
function secretNames(policy: PolicyState, rule: string, trigger: KubernetesObject): ReadonlySet<string> {
  const rules = valueAt(asJson(policy.object), ["spec", "rules"]);
  const index = (Array.isArray(rules) ? rules : []).findIndex((written) => valueAt(written, ["name"]) === rule);
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
