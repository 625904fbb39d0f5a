/** The figures of a policy's status, counted from the claims. */

import { type ApiFailure, printFailure, type Selection, selectionKey, widerSelections } from "../cluster/index.ts";
import { keyOf, type ObjectKey, resourceName } from "../object/index.ts";
import { heldPrunes } from "../plan/index.ts";
import type { PolicyStatus } from "../policy/index.ts";
import { objectReference, type PolicyFigures, type RuleFigures } from "../report/index.ts";
import type { CompiledRule } from "../rule/index.ts";
import { type ClaimFailure, type ClaimState, claimRef, type PolicyState } from "../state/index.ts";
import type { LostOfRule } from "./lost-changes.ts";
import type { ObservedWorld } from "./observed-world.ts";
import { isServed } from "./served-rules.ts";
import { selectionsOf } from "./wanted-watches.ts";

export type History = { corrected: number; drifts: NonNullable<PolicyStatus["drifts"]> };

export type FiguresOptions = {
  world: ObservedWorld;
  history: History;
  /** Changes that were let go as too many were waiting. */
  lost: readonly LostOfRule[];
  /** Why the watch of these objects is refused, if it is. */
  watchFailure(selection: Selection): ApiFailure | undefined;
  /** Why what the policy needs is not stored yet. */
  storeProblem: string | undefined;
  /** Targets that wait for the deep check. */
  deepCheckPending: number;
};

export function figuresOf(
  state: PolicyState,
  { world, history, lost, watchFailure, storeProblem, deepCheckPending }: FiguresOptions,
): PolicyFigures {
  const key = keyOf(state.ref);
  const rules = state.phase === "compiled" ? state.compiled.rules : [];
  const progress = [...(world.progress.get(key)?.values() ?? [])];
  const claims = rules.map((rule) => ({ rule, states: claimsOf(world, key, rule) }));
  return {
    generation: generationOf(state),
    issues: state.phase === "invalid" ? state.issues : [],
    blocked: [
      ...(storeProblem === undefined ? [] : [{ reason: "Unreachable" as const, message: storeProblem }]),
      ...blockedBy(state, watchFailure),
      ...unaskedBy(state, world, watchFailure),
    ],
    notes:
      state.phase === "compiled"
        ? state.compiled.unknownKinds.map((kind) => `${kind} is not served by the API server`)
        : [],
    ready: progress.every(({ ready }) => ready),
    waiting: state.phase === "compiled" ? world.admission.whyNotYet(state.compiled) : undefined,
    awaited: progress.reduce((total, { awaited }) => total + awaited.size, 0),
    triggers: new Set(
      claims.flatMap(({ states }) =>
        states.filter(isTriggered).map(({ key: claim }) => keyOf(claimRef(claim).trigger)),
      ),
    ).size,
    rules: [...claims.map(({ rule, states }) => ruleFigures(rule, states)), ...mutationFigures(state)],
    failures: [
      ...heldEntries(world, state),
      ...lost.map(lostEntry),
      ...rules.flatMap((rule) => systemNamespaceEntries(world, rule)),
      ...claims
        .flatMap(({ rule, states }) =>
          states.flatMap((claim) => claim.failures.map((failure) => failureEntry(world, rule, claim, failure))),
        )
        .sort((a, b) => b.time.localeCompare(a.time)),
    ],
    ...history,
    deepCheckPending,
  };
}

export function generationOf({ object }: PolicyState): number {
  return object.metadata.generation ?? 0;
}

/** What keeps every rule, or a rule's only trigger or target kind, from being served. */
function blockedBy(state: PolicyState, watchFailure: FiguresOptions["watchFailure"]): PolicyFigures["blocked"] {
  if (state.phase !== "compiled") return [];
  const { rules, unknownKinds } = state.compiled;
  const unknown = rules.filter((rule) => !isServed(rule));
  const wanted = new Map(rules.flatMap(selectionsOf).map((selection) => [selectionKey(selection), selection]));
  const isWanted = (wider: Selection): boolean => wanted.has(selectionKey(wider));
  // of two levels, one is watched
  const once = [...wanted.values()].filter((found) => !(found.metadataOnly && widerSelections(found).some(isWanted)));
  const refused = once.flatMap((selection) => {
    const failure = watchFailure(selection);
    return failure === undefined ? [] : [blockedWatch(selection, failure)];
  });
  if (unknown.length === 0) return refused;
  return [unknownKind(unknownKinds), ...refused];
}

function unknownKind(kinds: readonly string[]): PolicyFigures["blocked"][number] {
  const message = `the API server does not serve ${kinds.join(", ")}; install its CRD, or correct the kind`;
  return { reason: "KindUnknown", message };
}

/** What keeps rules from acting while objects are written. */
function unaskedBy(
  state: PolicyState,
  world: ObservedWorld,
  watchFailure: FiguresOptions["watchFailure"],
): PolicyFigures["blocked"] {
  if (state.phase !== "compiled") return [];
  const { mutations, unknownKinds } = state.compiled;
  const message = world.admission.whyNever(state.compiled);
  const refused = world.admission.readsOf([state]).flatMap((selection) => {
    const failure = watchFailure(selection);
    return failure === undefined ? [] : [blockedWatch(selection, failure)];
  });
  if (message !== undefined) return [{ reason: "AdmissionOff", message }];
  const untold = world.admission.refused.get(state.compiled);
  if (untold !== undefined) return [{ reason: "InvalidPolicy", message: untold }];
  const isUnknown = mutations.some(({ name, writtenAs, requests }) => name === writtenAs && requests.length === 0);
  return isUnknown ? [unknownKind(unknownKinds), ...refused] : refused;
}

/** What they did stands in the objects: nobody counts it. */
function mutationFigures(state: PolicyState): RuleFigures[] {
  const mutations = state.phase === "compiled" ? state.compiled.mutations : [];
  const names = [...new Set(mutations.map(({ writtenAs }) => writtenAs))];
  return names.map((name) => ({ name, type: "Mutate", triggers: 0, desired: 0, inSync: 0, failed: 0 }));
}

function blockedWatch(selection: Selection, failure: ApiFailure): PolicyFigures["blocked"][number] {
  const { resource, namespace, name } = selection;
  const what = `${resourceName(resource)}${name === undefined ? "" : ` ${name}`}`;
  const where = namespace === undefined ? "" : ` in namespace ${namespace}`;
  if (failure.status !== 403)
    return { reason: "Unreachable", message: `cannot watch ${what}${where}: ${printFailure(failure)}` };
  const message = `may not list and watch ${what}${where}; grant it with a ClusterRole labelled perennial.dev/aggregate-to-operator: "true"`;
  return { reason: "PermissionMissing", message };
}

function claimsOf(world: ObservedWorld, policy: ObjectKey, rule: CompiledRule): ClaimState[] {
  return [...world.claims.ofRule(`${policy}\n${rule.name}`)]
    .map((key) => world.claims.get(key))
    .filter((claim) => claim !== undefined);
}

/** A claim that only waits to remove what it made has no trigger any more; preconditions are part of what a trigger is. */
function isTriggered({ gone, idle }: ClaimState): boolean {
  return gone !== true && idle !== true;
}

function ruleFigures({ name, type }: CompiledRule, states: readonly ClaimState[]): RuleFigures {
  return {
    name,
    type,
    triggers: states.filter(isTriggered).length,
    desired: states.reduce((total, { wants, mutations }) => total + wants.size + (mutations?.targets.size ?? 0), 0),
    inSync: states.reduce((total, { inSync }) => total + inSync, 0),
    failed: states.filter(({ failures }) => failures.length > 0).length,
  };
}

/** One for the policy as a whole: its message says how many objects are held back, and which. */
function heldEntries(world: ObservedWorld, state: PolicyState): NonNullable<PolicyStatus["failures"]> {
  const failure = heldPrunes(world, state);
  const [first] = world.prunes.heldOf(keyOf(state.ref));
  const rule = first === undefined ? undefined : world.inventory.get(keyOf(first))?.claim;
  if (failure === undefined) return [];
  const { reason, message } = failure;
  return [{ rule: rule === undefined ? "" : claimRef(rule).rule, reason, message, time: new Date().toISOString() }];
}

/** Nobody makes up for them, so it stands until the policy is another one. */
function lostEntry({ rule, count, because, time }: LostOfRule): NonNullable<PolicyStatus["failures"]>[number] {
  const them = count === 1 ? "1 change is" : `${count} changes are`;
  const message = `${them} lost, and will never be acted on: ${because}; told until the policy is changed or the operator starts anew`;
  return { rule, reason: "ChangesLost", message, time };
}

/** What a pattern finds in a system namespace is passed over silently; what is named there is missed by somebody. */
function systemNamespaceEntries(
  world: ObservedWorld,
  { name, namespaces }: CompiledRule,
): NonNullable<PolicyStatus["failures"]> {
  return namespaces
    .filter((namespace) => world.isSystemNamespace(namespace))
    .map((namespace) => ({
      rule: name,
      trigger: { apiVersion: "v1", kind: "Namespace", name: namespace },
      reason: "SystemNamespace",
      message: `the rule is about ${namespace}, a system namespace, which is served only when --system-namespaces names it`,
      time: new Date().toISOString(),
    }));
}

/** Of what is sent to a subresource, and is no kind that is stored. */
function sentVersion({ asks = [] }: CompiledRule, { group, kind }: { group: string; kind: string }): string {
  const sent = asks.flatMap(({ resource }) => resource.subresources ?? []);
  return sent.find((found) => found.group === group && found.kind === kind)?.version ?? "";
}

function failureEntry(
  world: ObservedWorld,
  rule: CompiledRule,
  claim: ClaimState,
  failure: ClaimFailure,
): NonNullable<PolicyStatus["failures"]>[number] {
  const { trigger } = claimRef(claim.key);
  const { reason, message, target, time } = failure;
  const version = (ref: { group: string; kind: string }): string =>
    world.catalogue.findKind(ref)?.version ?? sentVersion(rule, ref);
  return {
    rule: rule.name,
    trigger: objectReference(trigger, version(trigger)),
    ...(target === undefined ? {} : { target: objectReference(target, version(target)) }),
    reason,
    message,
    time,
  };
}
