/** A mutate rule with targets: what it does to objects that exist, for as long as a trigger calls for it. */

import {
  digestOf,
  type GroupKindKey,
  groupKindKey,
  type KubernetesObject,
  keyOf,
  type ObjectRef,
  type Resource,
  resourceKey,
} from "../object/index.ts";
import type { Issue, Rule } from "../policy/index.ts";
import { askedRoles, NO_ROLES } from "./asked-roles.ts";
import { Build } from "./build.ts";
import type { Change } from "./change.ts";
import { compileContext } from "./context.ts";
import { asksOf, type CompiledCreator, compileCreator, needsOfCreator, readsOfCreator } from "./creator.ts";
import { actsOnRequests, changesOf, type Listening, listeningOf } from "./edge.ts";
import { compileExistingTarget, type ExistingTarget, openTarget, type TargetMeaning } from "./existing-target.ts";
import { compileSelection, type Selection } from "./match.ts";
import { explainConditions } from "./meaning.ts";
import { compileMutate, mergeSchemaOf, mutateScope } from "./mutate.ts";
import { onlyLabels } from "./named-labels.ts";
import { namedNamespaces, onlyNamespaces } from "./named-namespaces.ts";
import type { Need } from "./need.ts";
import { type CompiledPreconditions, compilePreconditions } from "./preconditions.ts";
import type { RequestKind } from "./request-kind.ts";
import type { CompiledRule, MutationPlace, MutationsFor, ServedKinds, Snapshot } from "./rule.ts";
import type { CompiledContext } from "./scope.ts";
import { TRIGGER_ROOTS } from "./trigger-bindings.ts";

export type ExistingScope = {
  path: string;
  ref: ObjectRef;
  /** What the policy says for rules that do not say it themselves. */
  mutateExistingOnPolicyUpdate: boolean | undefined;
  served: ServedKinds;
  unknownKinds: Set<string>;
  /** What it is told of a selection, and the permissions that this takes. */
  seenBy(
    selection: Selection,
    listening: Pick<Listening, "isAsked" | "operations">,
    within: ReadonlySet<string> | undefined,
  ): { triggers: Resource[]; asks?: RequestKind[]; needs: Need[] };
};

export function compileExisting(
  rule: Rule,
  scope: ExistingScope,
): { ok: true; rule: CompiledRule; needs: readonly Need[] } | { ok: false; issues: readonly Issue[] } {
  const { path, ref, served, unknownKinds } = scope;
  const { mutate = {}, name } = rule;
  const confinedTo = ref.namespace === "" ? undefined : ref.namespace;
  const build = new Build({ served, confinedTo, unknownKinds });
  const context = compileContext(rule.context, { path: `${path}.context`, roots: new Set(TRIGGER_ROOTS), build });
  const roots = new Set<string>([...TRIGGER_ROOTS, ...context.names]);
  const preconditions = compilePreconditions(rule.preconditions, `${path}.preconditions`, { roots, build });
  const written = mutate.targets ?? [];
  const targets = written.map((target, i) =>
    compileExistingTarget(target, { path: `${path}.mutate.targets[${i}]`, roots, build }),
  );
  const known = targets.filter((target) => target !== undefined);
  noteParts(known, { path, reverts: mutate.revertOnDelete === true, build });
  const decidesByClock = build.usesClock;
  const patchRoots = new Set([...roots, "target", ...known.flatMap((target) => [...target.context.names])]);
  build.usesClock = false;
  const patches = compileMutate(mutate, { path: `${path}.mutate`, roots: patchRoots, build, depth: 0 });
  const { usesClock } = build;
  const listening = listeningOf(rule.match, `${path}.match`);
  const changes = edgesOf(rule, listening, { scope, build });
  const selection = compileSelection(rule.match, rule.exclude);
  const isAsked = actsOnRequests(listening, { changes, selection, build });
  const creator = changes === undefined ? compileCreator(selection, build) : undefined;
  if (patches === undefined || build.issues.length > 0) return { ok: false, issues: build.issues };
  const meaning = {
    policy: ref,
    rule: name,
    creator,
    context,
    preconditions,
    patches,
    targets: known,
    served,
    usesClock,
  };
  const labels = onlyLabels(rule.match);
  const hasContext = [context, ...known.map((target) => target.context)].some(({ entries }) => entries.length > 0);
  const within = confinedTo === undefined ? onlyNamespaces(rule.match) : new Set([confinedTo]);
  const roles = isAsked ? askedRoles(selection, build, path) : NO_ROLES;
  const {
    triggers,
    asks,
    needs: seen,
  } = scope.seenBy(selection, { isAsked, operations: listening.operations }, within);
  return {
    ok: true,
    needs: [...seen, ...roles.needs, ...needsOfCreator(creator, path), ...build.needs],
    rule: {
      name,
      type: changes === undefined ? "Mutate" : "Edge",
      changes,
      triggers,
      ...(asks === undefined ? {} : { asks }),
      targets: [],
      ...asksOf(creator),
      reads: [...build.reads, ...roles.reads, ...readsOfCreator(creator), ...known.map(({ read }) => read)],
      namespaces: confinedTo === undefined ? namedNamespaces(rule.match) : [confinedTo],
      within,
      ...(labels === undefined ? {} : { labels }),
      readsNamespace: selection.readsNamespace,
      readsContent: true,
      triggeredByGenerated: rule.skipBackgroundRequests === false,
      synchronize: true,
      usesClock: false,
      decidesByClock,
      newSince: undefined,
      onDelete: mutate.revertOnDelete === true ? "delete" : "keep",
      existing: {
        manager: mutationManager(ref, name),
        resources: [...new Map(known.map(({ resource }) => [resourceKey(resource), resource])).values()],
        reverts: mutate.revertOnDelete === true,
        readsStatus: build.readsTargetStatus || known.some(({ part }) => part !== undefined),
        isStable: !hasContext && !decidesByClock && build.reads.length === 0 && creator?.readsRoles !== true,
        for: (trigger, snapshot, change) =>
          mutationsFor(meaning, trigger, { snapshot, change: roles.tellIn(change, snapshot) }),
        schemaOf: (object) => mergeSchemaOf(object, served),
      },
      whyNotSelected: (trigger, surroundings) =>
        whyOutside(trigger.metadata.namespace, confinedTo) ?? selection.whyNotSelected(trigger, surroundings),
      explain: (trigger, surroundings, snapshot) => ({
        ...selection.check(trigger, surroundings),
        ...explainConditions(meaning, mutateScope(meaning, trigger, { snapshot })),
      }),
      desired: () => ({ ok: true, targets: [], unmet: [] }),
    },
  };
}

/** The field manager of what a mutate rule sets: an API server takes 128 bytes, and names are longer. */
export function mutationManager(policy: ObjectRef, rule: string): string {
  return `perennial/${digestOf([keyOf(policy), rule]).slice(0, 16)}`;
}

/** The same patch cannot be meant for an object and for its scale, and what is scaled has no number that it had without. */
function noteParts(targets: readonly ExistingTarget[], { path, reverts, build }: Noting): void {
  const first = new Map<GroupKindKey, ExistingTarget>();
  for (const target of targets) {
    const other = first.get(groupKindKey(target.resource)) ?? target;
    first.set(groupKindKey(target.resource), other);
    if (other.part?.subresource !== target.part?.subresource)
      build.issues.push({ code: "ExclusiveFields", path: `${target.path}.kind`, message: twoWays(other.path) });
  }
  if (reverts && targets.some(({ part }) => part?.subresource === "scale"))
    build.issues.push({ code: "UnsupportedField", path: `${path}.mutate.revertOnDelete`, message: NO_NUMBER });
}

type Noting = { path: string; reverts: boolean; build: Build };

function twoWays(path: string): string {
  return `${path} means the same kind in another way: a rule changes the objects of a kind themselves, their status or their scale: write a rule for each`;
}

const NO_NUMBER =
  "what replaces the number of replicas cannot be taken back, as nobody remembers which it was: remove it, or write a rule that sets the number you want";

/** The operations that it acts on, once for each; undefined when it is kept true. Issues are noted. */
function edgesOf(
  { mutate }: Rule,
  listening: Listening,
  { scope, build }: { scope: ExistingScope; build: Build },
): CompiledRule["changes"] {
  const { path } = scope;
  build.issues.push(...listening.issues);
  const isKept = mutate?.mutateExistingOnPolicyUpdate ?? scope.mutateExistingOnPolicyUpdate ?? true;
  const changes = changesOf(listening, path, build) ?? (isKept ? undefined : listening.operations);
  if (changes === undefined && build.usesClock)
    build.issues.push({ code: "UnsupportedField", path: `${path}.mutate`, message: TIMED });
  if (changes !== undefined && mutate?.revertOnDelete === true)
    build.issues.push({ code: "UnsupportedField", path: `${path}.mutate.revertOnDelete`, message: NOT_KEPT });
  return changes;
}

const TIMED =
  "the patch asks for the time, so it would change its targets again each time they are looked at: take the time from the trigger, such as its creationTimestamp";
const NOT_KEPT =
  "what is changed once for each change of the trigger is not kept, and not taken back: remove it, or let the rule hold for what is stored";

type Meaning = Omit<TargetMeaning, "target"> & {
  policy: ObjectRef;
  rule: string;
  context: CompiledContext;
  preconditions: CompiledPreconditions | undefined;
  creator: CompiledCreator | undefined;
  usesClock: boolean;
  targets: readonly TargetMeaning["target"][];
};

type Moment = { snapshot: Snapshot; change: Change | undefined };

function mutationsFor(meaning: Meaning, trigger: KubernetesObject, { snapshot, change }: Moment): MutationsFor {
  const found = change === undefined ? meaning.creator?.find(trigger, snapshot) : undefined;
  if (found !== undefined && (!found.ok || "idle" in found)) return found;
  const scope = mutateScope(meaning, trigger, { snapshot, change: found?.change ?? change });
  const reason = meaning.preconditions?.whyNot(scope.inRealTime());
  if (reason !== undefined) return typeof reason === "string" ? { ok: true, idle: reason } : reason;
  const places: MutationPlace[] = [];
  for (const target of meaning.targets) {
    const opened = openTarget({ target, patches: meaning.patches, served: meaning.served }, scope);
    if (!opened.ok) return opened;
    places.push(opened.place);
  }
  return { ok: true, places };
}

function whyOutside(namespace: string | undefined, confinedTo: string | undefined): string | undefined {
  if (confinedTo === undefined || namespace === confinedTo) return undefined;
  return `it is not in ${confinedTo}, the namespace of the policy`;
}
