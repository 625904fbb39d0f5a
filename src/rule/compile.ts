/** From a policy that the schema accepts to rules that can be asked. */

import { groupOf, KYVERNO, type ObjectRef, type Resource, resourceKey } from "../object/index.ts";
import type { AnyPolicy, Generate, Issue, Rule } from "../policy/index.ts";
import { askedRoles, NO_ROLES } from "./asked-roles.ts";
import { autogenRules } from "./autogen.ts";
import { Build } from "./build.ts";
import { compileMutation } from "./compile-mutation.ts";
import { clusterScopedMatches } from "./confinement.ts";
import { compileContext } from "./context.ts";
import { asksOf, compileCreator, needsOfCreator, readsOfCreator } from "./creator.ts";
import { actsOnRequests, changesOf, listeningOf } from "./edge.ts";
import { compileExisting, type ExistingScope } from "./existing.ts";
import { compileGenerate } from "./generate.ts";
import { compileSelection, type Selection } from "./match.ts";
import { desiredAtRest, desiredBy, explainAtRest } from "./meaning.ts";
import { onlyLabels } from "./named-labels.ts";
import { namedNamespaces, onlyNamespaces } from "./named-namespaces.ts";
import type { Need } from "./need.ts";
import { admissionOf, settingIssues } from "./policy-settings.ts";
import { compilePreconditions } from "./preconditions.ts";
import type { Compilation, CompiledMutation, CompiledRule, ServedKinds } from "./rule.ts";
import { type Seen, seenBy, triggerResources } from "./seen-by.ts";
import { TRIGGER_ROOTS } from "./trigger-bindings.ts";

/**
 * Compiles all rules, or gives all issues at once. What is not served yet is no issue: see `unknownKinds`.
 * `ref`: of the policy that this one stands for, when it is one of another group.
 */
export function compilePolicy(policy: AnyPolicy, kinds: ServedKinds, ref = policyRef(policy)): Compilation {
  const served = ref.group === KYVERNO ? withoutMergeSchemas(kinds) : kinds;
  const unknownKinds = new Set<string>();
  const rules: CompiledRule[] = [];
  const mutations: CompiledMutation[] = [];
  const issues: Issue[] = [];
  const needs: Need[] = [];
  const createdAt = policy.metadata.creationTimestamp ?? "";
  const { generateExisting, mutateExistingOnPolicyUpdate } = policy.spec;
  const autogen = autogenRules(policy.spec.rules, policy.metadata.annotations);
  policy.spec.rules.forEach((rule, i) => {
    const older = { generateExisting, mutateExistingOnPolicyUpdate };
    const scope = { path: `spec.rules[${i}]`, ref, createdAt, ...older, served, unknownKinds };
    const compiled = compileOne(rule, autogen.get(i) ?? [], scope);
    if (!compiled.ok) issues.push(...compiled.issues);
    else if ("rule" in compiled) rules.push(compiled.rule);
    else mutations.push(...compiled.mutations);
    if (compiled.ok) needs.push(...compiled.needs);
  });
  const appliesOne = policy.spec.applyRules === "One";
  issues.push(...settingIssues(policy, rules));
  if (issues.length > 0) return { ok: false, issues, unknownKinds: [...unknownKinds] };
  const settings = { adoption: policy.spec.adoption ?? "IfUnmanaged", pruneLimit: pruneLimitOf(policy) } as const;
  return {
    ok: true,
    needs,
    policy: {
      ref,
      createdAt,
      rules,
      mutations,
      appliesOne,
      admission: admissionOf(policy),
      ...settings,
      unknownKinds: [...unknownKinds],
    },
  };
}

/** In that group patches replace the lists of custom resources, whatever their definitions say. */
function withoutMergeSchemas(kinds: ServedKinds): ServedKinds {
  return { find: (apiVersion, kind) => kinds.find(apiVersion, kind), all: () => kinds.all() };
}

function compileOne(rule: Rule, autogen: readonly Rule[], scope: RuleScope) {
  if (rule.mutate === undefined) return compileRule(rule, scope);
  if (rule.mutate.targets === undefined) return compileMutations(rule, autogen, scope);
  const seen = (...[selection, listening, within]: Parameters<ExistingScope["seenBy"]>): Seen =>
    seenBy(selection, listening, { ...scope, within });
  return compileExisting(rule, { ...scope, seenBy: seen });
}

/** The rule and what is made of it for pod controllers; of those, what has no meaning there is left out. */
function compileMutations(
  rule: Rule,
  autogen: readonly Rule[],
  scope: RuleScope,
): { ok: true; mutations: CompiledMutation[]; needs: readonly Need[] } | { ok: false; issues: readonly Issue[] } {
  const compile = (written: Rule, unknownKinds: Set<string>) => {
    const triggersOf = (selection: Selection): Resource[] => triggerResources(selection, { ...scope, unknownKinds });
    return compileMutation(written, { ...scope, unknownKinds, writtenAs: rule.name, triggersOf });
  };
  const own = compile(rule, scope.unknownKinds);
  if (!own.ok) return own;
  const made = autogen.map((written) => compile(written, new Set()));
  const all = [own, ...made.filter((compiled) => compiled.ok)];
  return {
    ok: true,
    mutations: all.map((compiled) => compiled.rule),
    needs: all.flatMap((compiled) => compiled.needs),
  };
}

const PRUNE_LIMIT = 100;

function pruneLimitOf({ spec }: AnyPolicy): number {
  const { pruneLimit = PRUNE_LIMIT } = spec;
  return pruneLimit === -1 ? Number.POSITIVE_INFINITY : pruneLimit;
}

export function policyRef({ apiVersion, kind, metadata }: AnyPolicy): ObjectRef {
  return { group: groupOf(apiVersion), kind, namespace: metadata.namespace ?? "", name: metadata.name };
}

type RuleScope = {
  path: string;
  ref: ObjectRef;
  createdAt: string;
  /** What the policy says for rules that do not say it themselves. */
  generateExisting: boolean | undefined;
  mutateExistingOnPolicyUpdate: boolean | undefined;
  served: ServedKinds;
  unknownKinds: Set<string>;
};
type RuleCompilation =
  | { ok: true; rule: CompiledRule; needs: readonly Need[] }
  | { ok: false; issues: readonly Issue[] };

function compileRule(rule: Rule, scope: RuleScope): RuleCompilation {
  const { path, ref, served, unknownKinds, createdAt } = scope;
  const { generate, name } = rule;
  if (generate === undefined) {
    const message = "a rule needs a generate block; other kinds of rules are not served by this version";
    return { ok: false, issues: [{ code: "UnsupportedField", path, value: name, message }] };
  }
  const confinedTo = ref.namespace === "" ? undefined : ref.namespace;
  const build = new Build({ served, confinedTo, unknownKinds });
  const context = compileContext(rule.context, { path: `${path}.context`, roots: new Set(TRIGGER_ROOTS), build });
  const isContextTimed = build.usesClock;
  const roots = new Set<string>([...TRIGGER_ROOTS, ...context.names]);
  const preconditions = compilePreconditions(rule.preconditions, `${path}.preconditions`, { roots, build });
  const decidesByClock = build.usesClock;
  build.usesClock = isContextTimed;
  const generated = compileGenerate(generate, { path: `${path}.generate`, roots, build });
  if (confinedTo !== undefined) build.issues.push(...clusterScopedMatches(rule.match, `${path}.match`, served));
  const listening = listeningOf(rule.match, `${path}.match`);
  build.issues.push(...listening.issues);
  const changes = changesOf(listening, path, build);
  const selection = compileSelection(rule.match, rule.exclude);
  const isAsked = actsOnRequests(listening, { changes, selection, build });
  if (generated === undefined || build.issues.length > 0) return { ok: false, issues: build.issues };
  const { usesClock } = build;
  const listensToUpdates = listening.operations.has("UPDATE");
  const creator = changes === undefined ? compileCreator(selection, build) : undefined;
  const meaning = { ref, name, creator, generated, preconditions, context, usesClock, listensToUpdates };
  const labels = onlyLabels(rule.match);
  const within = confinedTo === undefined ? onlyNamespaces(rule.match) : new Set([confinedTo]);
  const roles = isAsked ? askedRoles(selection, build, path) : NO_ROLES;
  const {
    triggers,
    asks,
    needs: seen,
  } = seenBy(selection, { isAsked, operations: listening.operations }, { ...scope, within });
  const isMadeOnce = changes !== undefined || generate.synchronize === false;
  const newSince = (generate.generateExisting ?? scope.generateExisting ?? true) ? undefined : createdAt;
  return {
    ok: true,
    needs: [
      ...seen,
      ...roles.needs,
      ...needsOfCreator(creator, path),
      ...(isMadeOnce ? build.needs.map(withoutDelete) : build.needs),
    ],
    rule: {
      name,
      type: changes === undefined ? "Generate" : "Edge",
      changes,
      triggers,
      ...(asks === undefined ? {} : { asks }),
      targets: [...new Map(build.targets.map((target) => [resourceKey(target), target])).values()],
      reads: [...build.reads, ...roles.reads, ...readsOfCreator(creator)],
      ...asksOf(creator),
      namespaces: confinedTo === undefined ? namedNamespaces(rule.match) : [confinedTo],
      within,
      ...(labels === undefined ? {} : { labels }),
      readsNamespace: selection.readsNamespace,
      readsContent: build.readsContent || isMadeOnce || newSince !== undefined, // a change may be one of content
      triggeredByGenerated: rule.skipBackgroundRequests === false,
      synchronize: generate.synchronize ?? true,
      usesClock,
      decidesByClock: decidesByClock || (usesClock && hasConditions(generate)),
      newSince,
      onDelete: keepsTargets(generate, changes) ? "keep" : "delete",
      whyNotSelected: (trigger, surroundings) =>
        whyOutside(trigger.metadata.namespace, confinedTo) ?? selection.whyNotSelected(trigger, surroundings),
      explain: (trigger, surroundings, snapshot) => ({
        ...selection.check(trigger, surroundings),
        ...explainAtRest(meaning, trigger, snapshot),
      }),
      desired: (trigger, snapshot, change) =>
        change === undefined
          ? desiredAtRest(meaning, trigger, snapshot)
          : desiredBy(meaning, trigger, snapshot, roles.tellIn(change, snapshot) ?? change),
    },
  };
}

/** What is made once is left. */
function withoutDelete(need: Need): Need {
  return { ...need, verbs: need.verbs.filter((verb) => verb !== "delete") };
}

/** Of its elements; they may ask for the time too. */
function hasConditions({ foreach = [] }: NonNullable<Rule["generate"]>): boolean {
  return foreach.some(({ preconditions }) => preconditions !== undefined);
}

/** What is made for a change cannot be made again, so it does not go with the policy. */
function keepsTargets(generate: Generate, changes: CompiledRule["changes"]): boolean {
  return changes !== undefined || generate.orphanDownstreamOnPolicyDelete === true || generate.synchronize === false;
}

function whyOutside(namespace: string | undefined, confinedTo: string | undefined): string | undefined {
  if (confinedTo === undefined || namespace === confinedTo) return undefined;
  return `it is not in ${confinedTo}, the namespace of the policy`;
}
