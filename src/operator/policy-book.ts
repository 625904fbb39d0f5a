/** The policies as they come: parsed, compiled against what is served, and compiled again when that changes. */

import {
  asJson,
  type GroupKind,
  groupKindKey,
  type KubernetesObject,
  KYVERNO,
  keyOf,
  type ObjectKey,
  refOf,
  resourceKey,
} from "../object/index.ts";
import { IGNORE_PATHS_ANNOTATION, MODE_ANNOTATION, parseForeignPolicy, parsePolicy } from "../policy/index.ts";
import { AUTOGEN_ANNOTATION, type CompiledRule, compilePolicy, type Read, requestKey } from "../rule/index.ts";
import type { Disposal, PolicyState } from "../state/index.ts";
import type { ObservedWorld } from "./observed-world.ts";

export interface PolicyBook {
  /** True when the change was more than one of status or metadata, so that the policy has to be planned again. */
  put(object: KubernetesObject): boolean;
  remove(key: ObjectKey): void;
  /** Compiles all again: a kind was installed, changed or removed. The policies that came out differently. */
  recompile(): ObjectKey[];
}

export function createPolicyBook(world: ObservedWorld): PolicyBook {
  return {
    put: (object) => putPolicy(world, object),
    remove: (key) => removePolicy(world, key),
    recompile: () => recompileAll(world),
  };
}

/** What has to be stored of a policy before its first write. */
export function disposalOf(world: ObservedWorld, state: PolicyState, rules: readonly CompiledRule[]): Disposal {
  const known = world.policies.disposalOf(keyOf(state.ref));
  return {
    policy: state.ref,
    definition: world.catalogue.definitionOf(state.ref)?.uid ?? "",
    // a rule that was removed keeps its entry: its targets have to be found and disposed of
    rules: { ...known?.rules, ...Object.fromEntries(rules.map(({ name, onDelete }) => [name, onDelete])) },
    ...mutatedOf(known, rules),
  };
}

function mutatedOf(known: Disposal | undefined, rules: readonly CompiledRule[]): Pick<Disposal, "mutated"> {
  const before = known?.mutated ?? {};
  const mutated = { ...before, ...Object.fromEntries(rules.flatMap((rule) => mutatedBy(rule, before[rule.name]))) };
  return Object.keys(mutated).length === 0 ? {} : { mutated };
}

/** Of which kinds the rule takes back what it set, or had set as it was before; none where it does not. */
function mutatedBy(rule: CompiledRule, before: readonly GroupKind[] = []): [string, GroupKind[]][] {
  if (rule.existing === undefined) return [];
  const kinds = rule.existing.reverts ? [...before, ...revertedKinds(rule)] : [];
  return [[rule.name, [...new Map(kinds.map((kind) => [groupKindKey(kind), kind])).values()]]];
}

/** Of which kinds the rule takes back what it sets. */
export function revertedKinds({ existing }: CompiledRule): GroupKind[] {
  return existing?.reverts === true ? existing.resources.map(({ group, kind }) => ({ group, kind })) : [];
}

/** Annotations that say what a policy has no field for; they change no generation. */
const SETTINGS = [MODE_ANNOTATION, IGNORE_PATHS_ANNOTATION, AUTOGEN_ANNOTATION];

function putPolicy(world: ObservedWorld, object: KubernetesObject): boolean {
  const ref = refOf(object);
  const key = keyOf(ref);
  const known = world.policyStates.get(key);
  const sameSpec =
    known?.object.metadata.uid === object.metadata.uid &&
    known?.object.metadata.generation === object.metadata.generation &&
    SETTINGS.every((key) => known?.object.metadata.annotations?.[key] === object.metadata.annotations?.[key]);
  if (known !== undefined && sameSpec) {
    world.policyStates.set(key, { ...known, object });
    return false;
  }
  setPolicy(world, key, compile(world, object));
  return true;
}

function setPolicy(world: ObservedWorld, key: ObjectKey, state: PolicyState): void {
  world.policyStates.set(key, state);
  const rules = state.phase === "compiled" ? state.compiled.rules : [];
  world.progress.set(
    key,
    new Map(
      rules.map(({ name, triggers, targets, existing, changes }) => [
        name,
        {
          ready: false,
          awaited: new Set(),
          stuck: triggers.length === 0,
          targets: targets.map(groupKindKey),
          mutates: changes === undefined ? (existing?.resources.map(groupKindKey) ?? []) : [],
          since: world.now,
        },
      ]),
    ),
  );
  world.noteMutatedKinds();
}

function removePolicy(world: ObservedWorld, key: ObjectKey): void {
  world.policyStates.delete(key);
  world.progress.delete(key);
  world.noteMutatedKinds();
}

function recompileAll(world: ObservedWorld): ObjectKey[] {
  const changed: ObjectKey[] = [];
  for (const [key, state] of world.policyStates) {
    const next = compile(world, state.object);
    if (fingerprint(next) === fingerprint(state)) continue;
    setPolicy(world, key, next);
    changed.push(key);
  }
  return changed;
}

function compile(world: ObservedWorld, object: KubernetesObject): PolicyState {
  const ref = refOf(object);
  if (ref.group === KYVERNO) return compileForeign(world, object);
  const parsed = parsePolicy(asJson(object));
  if ("issues" in parsed) return { ref, object, phase: "invalid", issues: parsed.issues };
  const compiled = compilePolicy(parsed.policy, world.catalogue);
  if (!compiled.ok) return { ref, object, phase: "invalid", issues: compiled.issues };
  return { ref, object, phase: "compiled", compiled: compiled.policy };
}

function compileForeign(world: ObservedWorld, object: KubernetesObject): PolicyState {
  const ref = refOf(object);
  const { parsed, ...foreign } = parseForeignPolicy(asJson(object));
  if (parsed === undefined) return { ref, object, foreign, phase: "compiled", compiled: { ...NO_RULES, ref } };
  if ("issues" in parsed) return { ref, object, foreign, phase: "invalid", issues: parsed.issues };
  const compiled = compilePolicy(parsed.policy, world.catalogue, ref);
  if (!compiled.ok) return { ref, object, foreign, phase: "invalid", issues: compiled.issues };
  return { ref, object, foreign, phase: "compiled", compiled: compiled.policy };
}

const NO_RULES = {
  createdAt: "",
  rules: [],
  adoption: "Never",
  pruneLimit: Number.POSITIVE_INFINITY,
  mutations: [],
  appliesOne: false,
  admission: { failurePolicy: "Ignore", timeoutSeconds: 10, matchConditions: [], warns: false },
  unknownKinds: [],
} as const;

/** What of a compiled policy depends on the kinds that are served. */
function fingerprint(state: PolicyState): string {
  if (state.phase === "invalid") return JSON.stringify(state.issues);
  const { rules, mutations, unknownKinds } = state.compiled;
  return JSON.stringify([
    unknownKinds,
    mutations.map(({ requests, reads }) => [requests.map(requestKey), reads.map(printRead)]),
    rules.map(({ triggers, asks, targets, reads, existing }) => [
      triggers.map(resourceKey),
      asks?.map(requestKey),
      targets.map(resourceKey),
      reads.map(printRead),
      existing?.resources.map(({ subresources }) => subresources), // a definition may move its scale
    ]),
  ]);
}

function printRead({ resource, ...place }: Read): unknown {
  return [resourceKey(resource), place];
}
