/** One mutate rule, and those made from it for pod controllers, from what is written to what can be asked. */

import { type KubernetesObject, type ObjectRef, type Resource, resourceKey } from "../object/index.ts";
import type { Issue, Rule } from "../policy/index.ts";
import { Build } from "./build.ts";
import { compileContext } from "./context.ts";
import { type Listening, listeningOf } from "./edge.ts";
import { needsToReadRoles, ROLE_READS, withHeldRoles } from "./held-roles.ts";
import { compileSelection, type Selection } from "./match.ts";
import { explainConditions } from "./meaning.ts";
import { compileMutate, mutateObject, mutateScope, whyNotConvergent } from "./mutate.ts";
import { onlyLabels } from "./named-labels.ts";
import { onlyNamespaces } from "./named-namespaces.ts";
import type { Need } from "./need.ts";
import { compilePreconditions } from "./preconditions.ts";
import { needsOfTriggers } from "./read-needs.ts";
import type { RequestKind } from "./request-kind.ts";
import { needsOfRequests, requestsOf } from "./requests.ts";
import type { CompiledMutation, ServedKinds, Snapshot } from "./rule.ts";
import { type Admitted, TRIGGER_ROOTS } from "./trigger-bindings.ts";
import { CHANGE, needsToChange } from "./write-needs.ts";

export type MutationScope = {
  path: string;
  ref: ObjectRef;
  served: ServedKinds;
  unknownKinds: Set<string>;
  writtenAs: string;
  /** The resources that a selection is about. */
  triggersOf(selection: Selection): Resource[];
};

export function compileMutation(
  rule: Rule,
  { path, ref, served, unknownKinds, writtenAs, triggersOf }: MutationScope,
): { ok: true; rule: CompiledMutation; needs: readonly Need[] } | { ok: false; issues: readonly Issue[] } {
  const confinedTo = ref.namespace === "" ? undefined : ref.namespace;
  const build = new Build({ served, confinedTo, unknownKinds });
  const ruleRoots = new Set<string>(TRIGGER_ROOTS);
  const context = compileContext(rule.context, { path: `${path}.context`, roots: ruleRoots, build });
  const roots = new Set([...ruleRoots, ...context.names]);
  const preconditions = compilePreconditions(rule.preconditions, `${path}.preconditions`, { roots, build });
  const selection = compileSelection(rule.match, rule.exclude);
  const listening = listeningOf(rule.match, `${path}.match`, ["CREATE", "UPDATE"]);
  noteUnserved(build, listening, path);
  const patches = compileMutate(rule.mutate ?? {}, { path: `${path}.mutate`, roots, build, depth: 0 });
  if (patches === undefined || build.issues.length > 0) return { ok: false, issues: build.issues };
  const labels = onlyLabels(rule.match);
  const meaning = { policy: ref, rule: rule.name, patches, preconditions, context, served };
  const triggers = triggersOf(selection);
  const within = confinedTo === undefined ? onlyNamespaces(rule.match) : new Set([confinedTo]);
  const { operations } = listening;
  const requests = requestsOf(selection.kinds, operations, { path, served, unknownKinds, confinedTo });
  const asksRoles = [...selection.asksRoles.map((at) => `${path}.${at}`), ...build.readsRoles];
  const admit = (admitted: Admitted | undefined, snapshot: Snapshot): Admitted | undefined =>
    admitted === undefined || build.readsRoles.length === 0
      ? admitted
      : { ...admitted, request: withHeldRoles(admitted.request, snapshot) };
  return {
    ok: true,
    needs: [
      ...needsOf(selection, requests, { path, within, confinedTo }),
      ...build.needs,
      ...asksRoles.flatMap(needsToReadRoles),
    ],
    rule: {
      name: rule.name,
      writtenAs,
      type: "Mutate",
      triggers: [...new Map(triggers.map((trigger) => [resourceKey(trigger), trigger])).values()],
      requests,
      reads: asksRoles.length === 0 ? build.reads : [...build.reads, ...ROLE_READS],
      operations,
      within,
      ...(labels === undefined ? {} : { labels }),
      readsNamespace: selection.readsNamespace,
      sends: build.sends,
      appends: build.appends,
      whyNotSelected: (object, surroundings) =>
        whyElsewhere(object, confinedTo) ?? selection.whyNotSelected(object, surroundings),
      explain: (object, surroundings, snapshot) => ({
        ...selection.check(object, surroundings),
        ...explainConditions(meaning, mutateScope(meaning, object, { snapshot })),
      }),
      mutate: (object, snapshot, admitted) =>
        mutateObject(meaning, object, { snapshot, admitted: admit(admitted, snapshot) }),
      whyNotConvergent: (result, snapshot) => whyNotConvergent(meaning, result, snapshot),
    },
  };
}

function byOthers(need: Need): Need {
  return { ...need, byOthers: true };
}

type Placed = { path: string; within: ReadonlySet<string> | undefined; confinedTo: string | undefined };

/** To change objects themselves, or what is sent to subresources of theirs. */
function needsOf({ kinds }: Selection, requests: readonly RequestKind[], { path, ...place }: Placed): Need[] {
  const isOfObject = ({ subresource }: { subresource: string }): boolean => subresource === "";
  const triggers = requests.filter(isOfObject).map(({ resource }) => resource);
  const sent = requests.filter((request) => !isOfObject(request));
  const seen = { path: `${path}.match`, ...place, does: CHANGE };
  return [
    ...needsOfTriggers(
      kinds.filter(isOfObject).map(({ text }) => text),
      { ...seen, triggers },
    ),
    ...needsToChange(triggers, { ...place, path: `${path}.mutate` }),
    ...needsOfRequests(
      kinds.filter((kind) => !isOfObject(kind)),
      sent,
      seen,
    ),
  ].map(byOthers);
}

/** What a request does not tell, or nobody can patch. */
function noteUnserved(build: Build, { operations, issues }: Listening, path: string): void {
  build.issues.push(...issues.filter(({ code }) => code === "NothingSelected"));
  if (operations.has("CONNECT"))
    build.issues.push({ code: "UnsupportedField", path: `${path}.match`, value: "CONNECT", message: CONNECTED });
  if (operations.has("DELETE"))
    build.issues.push({ code: "UnsupportedField", path: `${path}.match`, value: "DELETE", message: DELETED });
}

const CONNECTED =
  "what is sent to connect, such as what is to be executed in a Pod, is not changed: remove CONNECT; a rule with generate or targets may act on it";
const DELETED = "an object that is deleted cannot be changed any more: remove DELETE from operations";

function whyElsewhere({ metadata }: KubernetesObject, confinedTo: string | undefined): string | undefined {
  if (confinedTo === undefined || metadata.namespace === confinedTo) return undefined;
  return `it is not in ${confinedTo}, the namespace of the policy`;
}
