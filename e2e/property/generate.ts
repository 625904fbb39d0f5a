/** From a seed to a sequence: mostly operations that meet something, as the one before left it. */

import { SOURCE_KINDS, TARGET_KINDS, TRIGGER_KINDS } from "./kinds.ts";
import { type Stored, targetPlace, wantsOf } from "./model.ts";
import { type Dice, makeRule, mutateRules } from "./mutate.ts";
import { EDITS, FAULTS, type Fault, type Operation, type Trigger } from "./operation.ts";
import { type Place, SPACES } from "./place.ts";
import { createRandom } from "./random.ts";
import { NOTHING, simulate } from "./simulate.ts";

const SHORTEST = 10;
const LONGEST = 20;

export function generateOperations(seed: string): Operation[] {
  const random = createRandom(seed);
  const length = SHORTEST + random.below(LONGEST - SHORTEST + 1);
  const kinds = [random.pick(TARGET_KINDS), random.pick(TARGET_KINDS)];
  const operations: Operation[] = [];
  let stored = NOTHING;
  while (operations.length < length) {
    const triggers = TRIGGER_KINDS.filter((kind) => stored.triggers.some(({ place }) => place.kind === kind));
    const operation = nextOperation({ ...random, kinds, triggers }, stored);
    operations.push(operation);
    stored = simulate(stored, operation);
  }
  return operations;
}

/** One to three, in the order of their moments. */
export function generateFaults(seed: string): Fault[] {
  const random = createRandom(`${seed} faults`);
  const faults = Array.from({ length: 1 + random.below(3) }, () => ({
    after: random.below(100) / 100,
    what: random.pick(FAULTS),
  }));
  return faults.sort((a, b) => a.after - b.after);
}

type Choice = (random: Dice, stored: Stored) => Operation;

function nextOperation(random: Dice, stored: Stored): Operation {
  const [hasTriggers, hasPolicies] = [stored.triggers.length > 0, stored.policies.length > 0];
  const hasTargets = wantsOf(stored).length > 0;
  const choice = random.weigh<Choice>([
    [hasTriggers ? 18 : 50, putTrigger],
    [hasTriggers ? 6 : 0, (_, { triggers }) => ({ do: "delete trigger", place: random.pick(triggers).place })],
    [hasTriggers ? 6 : 0, (_, { triggers }) => ({ do: "replace trigger", trigger: withoutUid(random.pick(triggers)) })],
    [hasPolicies ? 18 : 50, putPolicy],
    [hasPolicies ? 5 : 0, (_, { policies }) => ({ do: "delete policy", place: random.pick(policies).place })],
    [hasPolicies ? 5 : 0, replacePolicy],
    [hasTargets ? 24 : 0, editTarget],
    [6, putForeign],
    [stored.policies.some(hasSource) ? 12 : 3, changeSource],
    [hasTargets ? 16 : 0, () => ({ do: "settle" })],
  ]);
  return choice(random, stored);
}

function hasSource({ rules }: Stored["policies"][number]): boolean {
  return rules.some(({ source }) => source !== undefined);
}

function withoutUid({ uid: _uid, color, ...trigger }: Stored["triggers"][number]): Trigger {
  return { ...trigger, color: color === "red" ? "red" : "blue" };
}

function putTrigger(random: Dice, { namespaces }: Stored): Operation {
  const trigger = {
    place: random.chance(0.45) ? namespacePlace(random) : objectPlace(random, namespaces),
    tier: random.pick(["gold", "gold", "lead", "none"] as const),
    color: random.pick(["red", "blue"] as const),
  };
  return { do: "put trigger", trigger };
}

function namespacePlace(random: Dice): Place {
  return { kind: "Namespace", namespace: "", name: random.pick(SPACES) };
}

function objectPlace(random: Dice, namespaces: Stored["namespaces"]): Place {
  return {
    kind: random.pick(["ConfigMap", "Widget"]),
    namespace: random.pick([...namespaces]),
    name: random.pick(["in-1", "in-2"]),
  };
}

function putPolicy(random: Dice, stored: Stored): Operation {
  const place = policyPlace(random, stored);
  const known = stored.policies.find((policy) => policy.place.kind === place.kind && policy.place.name === place.name);
  const rules = known === undefined ? newRules(random, place) : mutateRules(random, known.place, known.rules);
  return { do: "put policy", place: known?.place ?? place, rules };
}

function policyPlace(random: Dice, { namespaces }: Stored): Place {
  if (random.chance(0.75)) return { kind: "ClusterPolicy", namespace: "", name: random.pick(["@-p1", "@-p2"]) };
  return { kind: "Policy", namespace: random.pick([...namespaces]), name: "p1" };
}

function newRules(random: Dice, policy: Place) {
  return Array.from({ length: 1 + random.below(3) }, (_, i) => makeRule(random, policy, `r${i + 1}`));
}

function replacePolicy(random: Dice, { policies }: Stored): Operation {
  const { place, rules } = random.pick(policies);
  return { do: "replace policy", place, rules: random.chance(0.6) ? rules : mutateRules(random, place, rules) };
}

function editTarget(random: Dice, stored: Stored): Operation {
  return { do: "edit target", place: random.pick(wantsOf(stored)).place, how: random.pick(EDITS) };
}

/** Where a rule has its objects, or one that may come some day would. */
function putForeign(random: Dice, { namespaces, policies, triggers }: Stored): Operation {
  const rules = policies.flatMap(({ rules }) => rules);
  const rule = rules.length > 0 && random.chance(0.5) ? random.pick(rules) : makeRule(random, CLUSTER, "r1");
  const known = triggers.filter(({ place }) => place.kind === rule.on).map(({ place }) => place);
  const made = rule.on === "Namespace" ? namespacePlace(random) : objectPlace(random, namespaces);
  const trigger = known.length > 0 && random.chance(0.7) ? random.pick(known) : made;
  return { do: "put foreign", place: targetPlace(rule, trigger), owner: random.chance(0.8) ? "nobody" : "Helm" };
}

const CLUSTER: Place = { kind: "ClusterPolicy", namespace: "", name: "@-p1" };

/** Mostly one that some rule copies. */
function changeSource(random: Dice, { policies }: Stored): Operation {
  const copied = policies.flatMap(({ rules }) => rules.flatMap(({ source }) => source?.kind ?? []));
  const kind = copied.length > 0 && random.chance(0.8) ? random.pick(copied) : random.pick(SOURCE_KINDS);
  const source = { kind, name: "src-1", value: 1 + random.below(9) };
  return random.chance(0.75) ? { do: "put source", source } : { do: "delete source", source };
}
