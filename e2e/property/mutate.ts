/** Rules at random, and the edits that policies go through. */

import { SOURCE_KINDS, type TargetKind, TRIGGER_KINDS, type TriggerKind } from "./kinds.ts";
import { HOME, type Place } from "./place.ts";
import type { Random } from "./random.ts";
import { isLoose, type Rule } from "./rule.ts";

/** Choices about one lane. */
export type Dice = Random & {
  /** The kinds that are generated there: few, so that rules get in each other's way. */
  kinds: readonly TargetKind[];
  /** The kinds of triggers that are there. */
  triggers: readonly TriggerKind[];
};

const LOOSE = "loose-";

export function makeRule(random: Dice, policy: Place, name: string): Rule {
  const loose = random.chance(0.25);
  const rule: Rule = {
    // a policy that is made again has none of these where it had another: what that one made would be left, or released
    name: loose ? `${LOOSE}${name}` : name,
    on: triggerKind(random),
    tier: random.pick(["any", "any", "any", "gold", "lead"] as const),
    target: {
      kind: random.pick(random.kinds),
      name: nameOf(random, loose),
      where: random.weigh([
        [6, "own"],
        [1, "@-b"],
        [2, "@-home"],
      ] as const),
      each: random.chance(0.6),
    },
    value: 1 + random.below(9),
    reads: random.pick(["nothing", "tier", "color"] as const),
    ...(loose && random.chance(0.5) ? { synchronize: random.chance(0.3) } : {}),
    ...(loose ? { orphan: random.chance(0.6) } : {}),
  };
  return confined(policy, random.chance(0.2) ? copying(random, rule) : rule);
}

/** One edit, of any field that a rule has, or of the list of rules. */
export function mutateRules(random: Dice, policy: Place, rules: readonly Rule[]): Rule[] {
  const i = random.below(rules.length);
  const edit = random.weigh<(rule: Rule) => Rule[]>([
    [14, (rule) => [confined(policy, mutateRule(random, rule))]],
    [3, (rule) => [rule, makeRule(random, policy, freeName(rules))]],
    [rules.length > 1 ? 3 : 0, () => []],
  ]);
  return rules.flatMap((rule, j) => (i === j ? edit(rule) : [rule]));
}

function mutateRule(random: Dice, rule: Rule): Rule {
  const { target } = rule;
  const edits: (() => Rule)[] = [
    () => ({ ...rule, value: 1 + random.below(9) }),
    () => ({ ...rule, value: 1 + random.below(9) }),
    () => ({ ...rule, tier: random.pick(["any", "gold", "lead"] as const) }),
    () => ({ ...rule, except: random.pick(["gold", "lead"] as const) }),
    () => ({ ...rule, on: triggerKind(random) }),
    () => ({ ...rule, name: `${rule.name}x` }),
    () => ({ ...rule, reads: random.pick(["nothing", "tier", "color"] as const) }),
    () => ({ ...rule, target: { ...target, kind: random.pick(random.kinds) } }),
    () => ({ ...rule, target: { ...target, name: nameOf(random, isLoose(rule)) } }),
    () => ({ ...rule, target: { ...target, where: random.pick(["own", "@-b", "@-home"] as const) } }),
    () => ({ ...rule, target: { ...target, each: !target.each } }),
    ...(isLoose(rule)
      ? [() => ({ ...rule, synchronize: rule.synchronize === false }), () => ({ ...rule, orphan: !rule.orphan })]
      : []),
  ];
  const edited = random.pick(edits)();
  const { source: _source, ...spoken } = edited;
  return edited.source?.kind === edited.target.kind ? edited : spoken; // a copy has the kind of its source
}

function triggerKind(random: Dice): TriggerKind {
  return random.triggers.length > 0 && random.chance(0.8) ? random.pick(random.triggers) : random.pick(TRIGGER_KINDS);
}

function copying(random: Dice, rule: Rule): Rule {
  const kind = random.pick(SOURCE_KINDS);
  return { ...rule, target: { ...rule.target, kind }, source: { kind, name: "src-1" } };
}

/** A Policy keeps to its namespace: triggers, targets and sources. */
function confined(policy: Place, rule: Rule): Rule {
  if (policy.kind === "ClusterPolicy") return rule;
  const { source, ...spoken } = rule;
  const kind = rule.target.kind === "Beacon" ? "Widget" : rule.target.kind;
  return {
    ...(policy.namespace === HOME && source?.kind === kind ? rule : spoken),
    on: rule.on === "Namespace" ? "ConfigMap" : rule.on,
    target: { ...rule.target, kind, where: "own" },
  };
}

function nameOf(random: Dice, loose: boolean): string {
  return `${loose ? "kept" : "level"}-${random.pick([1, 1, 2, 3])}`;
}

function freeName(rules: readonly Rule[]): string {
  const taken = new Set(rules.map(({ name }) => name.replace(LOOSE, "")));
  for (let i = 1; ; i++) if (!taken.has(`r${i}`)) return `r${i}`;
}
