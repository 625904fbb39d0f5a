/** A world that is a cluster as it stands, with the policies of files in it. */

import type { ClusterClient, Selection } from "../../cluster/index.ts";
import { keyOf, type ObjectKey, type Resource } from "../../object/index.ts";
import { GROUP } from "../../policy/index.ts";
import type { Catalogue, PolicyState } from "../../state/index.ts";
import { type FileText, parseDocuments } from "../documents.ts";
import { InputError } from "../input-error.ts";
import type { Loaded, LoadOptions } from "../load.ts";
import { offlinePolicy } from "../offline-policy.ts";
import { createOfflineWorld, NAMESPACES } from "../offline-world.ts";
import { compilePolicies, splitDocuments } from "../policies.ts";
import { neededLists } from "./needed-lists.ts";
import { discoverKinds, type Listed, readLists } from "./read-cluster.ts";

/**
 * The policies of the files stand in for those of the same name in the cluster; the others of the cluster are known, so
 * that what is theirs stays theirs, but not planned. Throws InputError.
 */
export async function loadLiveWorld(
  client: ClusterClient,
  files: readonly FileText[],
  options: LoadOptions,
): Promise<Loaded> {
  const { documents, problems } = parseDocuments(files);
  const { policies: written, resources } = splitDocuments(documents);
  if (problems.length === 0 && written.length === 0)
    throw new InputError(["there is no policy in the files: add one of kind ClusterPolicy or Policy"]);
  const catalogue = await discoverKinds(client);
  const readable = written.map(offlinePolicy);
  const compiled = compilePolicies(
    readable.flatMap(({ policy }) => policy ?? []),
    catalogue,
    "is not served by the cluster: install what defines it first, or correct the kind",
  );
  const found = [...problems, ...compiled.problems];
  if (found.length > 0) throw new InputError(found);
  const stored = storedPolicies(await readLists(client, listsOfPolicies(compiled.states, catalogue)), catalogue);
  const planned = new Set(compiled.states.map(({ ref }) => keyOf(ref)));
  const earlier = stored.filter(({ ref }) => planned.has(keyOf(ref)));
  const lists = withNamespaces(neededLists(compiled.states, earlier), confinesOf(compiled.states));
  const world = createOfflineWorld({
    ...options,
    catalogue,
    policies: [...compiled.states, ...stored.filter(({ ref }) => !planned.has(keyOf(ref)))],
    objects: [],
    live: { planned, earlier: new Map(earlier.map((state): [ObjectKey, PolicyState] => [keyOf(state.ref), state])) },
  });
  for (const { selection, objects } of await readLists(client, lists))
    for (const object of objects) world.show(selection.resource, object);
  return { world, notes: [...readable.flatMap(({ notes }) => notes), ...noteResources(resources.length)] };
}

function noteResources(count: number): string[] {
  if (count === 0) return [];
  return [
    `${count} of the files' objects are no policies and were not looked at: with --live the cluster has the objects`,
  ];
}

/** The namespaces outside of which the policies do nothing; undefined: they may act anywhere. */
function confinesOf(policies: readonly PolicyState[]): string[] | undefined {
  const namespaces = new Set(policies.map(({ ref }) => ref.namespace));
  return namespaces.has("") ? undefined : [...namespaces];
}

/** Those that may hold a target in question; none where the cluster does not have their kinds. */
function listsOfPolicies(policies: readonly PolicyState[], catalogue: Catalogue): Selection[] {
  const inCluster = catalogue.findKind({ group: GROUP, kind: "ClusterPolicy" });
  const inNamespaces = catalogue.findKind({ group: GROUP, kind: "Policy" });
  const confines = confinesOf(policies);
  return [
    ...(inCluster === undefined ? [] : [{ resource: inCluster }]),
    ...(inNamespaces === undefined ? [] : listsIn(inNamespaces, confines)),
  ];
}

function listsIn(resource: Resource, namespaces: readonly string[] | undefined): Selection[] {
  return namespaces?.map((namespace) => ({ resource, namespace })) ?? [{ resource }];
}

/** Those that do not compile are known as invalid: nobody can say what they want. */
function storedPolicies(listed: readonly Listed[], catalogue: Catalogue): PolicyState[] {
  return listed.flatMap(({ objects }) =>
    objects.map((object): PolicyState => {
      const { states } = compilePolicies([{ origin: "", object }], catalogue);
      const ref = {
        group: GROUP,
        kind: object.kind,
        namespace: object.metadata.namespace ?? "",
        name: object.metadata.name,
      };
      return states[0] ?? { ref, object, phase: "invalid", issues: [] };
    }),
  );
}

/** Whether a target's namespace is there has to be known for every one. */
function withNamespaces(lists: readonly Selection[], confines: readonly string[] | undefined): Selection[] {
  const others = lists.filter(({ resource }) => !isSameKind(resource, NAMESPACES));
  const names = confines?.map((name): Selection => ({ resource: NAMESPACES, name }));
  return [...others, ...(names ?? [{ resource: NAMESPACES }])];
}

function isSameKind(a: Resource, b: Resource): boolean {
  return a.group === b.group && a.kind === b.kind;
}
