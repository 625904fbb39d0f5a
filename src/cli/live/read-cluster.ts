/** Reads of a cluster for a plan: nothing but GET. What cannot be read is a problem, never "there is none". */

import {
  type ApiFailure,
  type ClusterClient,
  discoverResources,
  listPage,
  printFailure,
  type Selection,
} from "../../cluster/index.ts";
import { type KubernetesObject, resourceName } from "../../object/index.ts";
import { type CatalogueWriter, createCatalogue } from "../../state/index.ts";
import { InputError } from "../input-error.ts";

export type Listed = { selection: Selection; objects: readonly KubernetesObject[] };

/** Lists at a time. */
const AT_ONCE = 8;

/** Throws InputError. */
export async function discoverKinds(client: ClusterClient): Promise<CatalogueWriter> {
  const discovered = await discoverResources(client);
  if (!discovered.ok)
    throw new InputError([`cannot tell which kinds the cluster serves: ${whyNot(discovered.failure)}`]);
  const catalogue = createCatalogue();
  catalogue.replaceDiscovered(discovered.resources, discovered.stale);
  return catalogue;
}

/** Throws InputError with every list that fails. */
export async function readLists(client: ClusterClient, selections: readonly Selection[]): Promise<Listed[]> {
  const answers: ReadList[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    for (let at = next++; at < selections.length; at = next++) {
      const selection = selections[at];
      if (selection !== undefined) answers[at] = await readList(client, selection);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  const problems = answers.flatMap((answer) => ("problem" in answer ? [answer.problem] : []));
  if (problems.length > 0) throw new InputError(problems);
  return answers.flatMap((answer) => ("problem" in answer ? [] : [answer]));
}

type ReadList = Listed | { problem: string };

async function readList(client: ClusterClient, selection: Selection): Promise<ReadList> {
  const objects: KubernetesObject[] = [];
  for (let token = ""; ; ) {
    const page = await listPage(client, selection, token);
    if (!page.ok)
      return { problem: `cannot list ${printSelection(selection)}: ${whyListFails(selection, page.failure)}` };
    for (const object of page.objects) objects.push(object);
    token = page.continue;
    if (token === "") return { selection, objects };
  }
}

function whyListFails(selection: Selection, failure: ApiFailure): string {
  if (failure.status === 410) return "the cluster changed too much meanwhile; try again";
  if (failure.status !== 403) return whyNot(failure);
  const { resource, namespace } = selection;
  const place =
    namespace === undefined ? (resource.namespaced ? " in all namespaces" : "") : ` in namespace ${namespace}`;
  return `you need the permission to list ${resourceName(resource)}${place} (${printFailure(failure)})`;
}

function whyNot(failure: ApiFailure): string {
  return failure.status === 401 ? "the cluster does not know who you are; log in again" : printFailure(failure);
}

function printSelection({ resource, namespace, name }: Selection): string {
  const what = name === undefined ? resourceName(resource) : `${resourceName(resource)} ${name}`;
  return namespace === undefined ? what : `${what} in namespace ${namespace}`;
}
