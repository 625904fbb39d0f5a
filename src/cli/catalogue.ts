/** Which kinds count as served: the usual ones, those that definitions among the files define, and perhaps guesses. */

import {
  apiVersionOf,
  groupOf,
  isJsonObject,
  type Json,
  type KubernetesObject,
  type Resource,
  valueAt,
} from "../object/index.ts";
import { type Catalogue, type CatalogueWriter, createCatalogue } from "../state/index.ts";
import type { Document } from "./documents.ts";
import { knownKinds, resourceOf } from "./kinds.ts";

/** `guess`: a kind that nobody defines is taken to be as the objects and rules that name it look. */
export function createOfflineCatalogue(
  documents: readonly Document[],
  { guess = [] }: { guess?: readonly Resource[] } = {},
): CatalogueWriter {
  const catalogue = createCatalogue();
  const known = knownKinds();
  catalogue.replaceDiscovered([...known, ...guess.filter((resource) => !known.some(isSameVersion(resource)))]);
  const definitions = documents.map(({ object }) => object).filter(isDefinition);
  for (const definition of definitions) catalogue.setDefinition(established(definition));
  return catalogue;
}

function isSameVersion(resource: Resource): (other: Resource) => boolean {
  return ({ group, version, kind }) =>
    group === resource.group && version === resource.version && kind === resource.kind;
}

function isDefinition({ apiVersion, kind }: KubernetesObject): boolean {
  return kind === "CustomResourceDefinition" && groupOf(apiVersion) === "apiextensions.k8s.io";
}

/** In a file it says nothing of its state; it is meant to be there. */
function established(definition: KubernetesObject): KubernetesObject {
  return { ...definition, status: { conditions: [{ type: "Established", status: "True" }] } };
}

/** Objects as a cluster would have stored them, and which of them are of kinds that nobody knows. */
export function prepareObjects(
  documents: readonly Document[],
  catalogue: Catalogue,
): { objects: KubernetesObject[]; problems: string[] } {
  const objects: KubernetesObject[] = [];
  const problems: string[] = [];
  for (const { origin, object } of documents) {
    const resource = catalogue.find(object.apiVersion, object.kind);
    if (resource === undefined) problems.push(`${origin}: ${whyUnknown(object, catalogue)}`);
    else objects.push(prepareObject(object, resource));
  }
  return { objects, problems };
}

function whyUnknown({ apiVersion, kind }: KubernetesObject, catalogue: Catalogue): string {
  const other = catalogue.findKind({ group: groupOf(apiVersion), kind });
  if (other !== undefined)
    return `${apiVersion} is no version of ${kind} that is known here: write ${apiVersionOf(other.group, other.version)}, or add its CustomResourceDefinition to the files`;
  return `kind ${kind} of ${apiVersion} is not known here: add its CustomResourceDefinition to the files`;
}

function prepareObject(object: KubernetesObject, { namespaced }: Resource): KubernetesObject {
  const { namespace, ...metadata } = object.metadata;
  const place = namespaced ? { namespace: namespace ?? "default" } : {};
  return { ...object, metadata: { resourceVersion: "1", ...metadata, ...place } };
}

/** What the objects and the rules' targets look like: in a namespace, where they say one. */
export function guessKinds(documents: readonly Document[], policies: readonly Json[]): Resource[] {
  const ofObjects = documents.map(({ object: { apiVersion, kind, metadata } }) =>
    resourceOf(apiVersion, kind, metadata.namespace !== undefined),
  );
  return [...ofObjects, ...policies.flatMap(targetsOf)];
}

function targetsOf(policy: Json): Resource[] {
  const rules = valueAt(policy, ["spec", "rules"]);
  const blocks = (Array.isArray(rules) ? rules : []).flatMap((rule) => blocksOf(valueAt(rule, ["generate"])));
  return blocks.flatMap((block) => {
    const [apiVersion, kind] = [valueAt(block, ["apiVersion"]), valueAt(block, ["kind"])];
    if (typeof apiVersion !== "string" || typeof kind !== "string") return [];
    return [resourceOf(apiVersion, kind, valueAt(block, ["namespace"]) !== undefined)];
  });
}

function blocksOf(generate: Json | undefined): Json[] {
  if (!isJsonObject(generate)) return [];
  return [generate, ...(Array.isArray(generate.foreach) ? generate.foreach : [])];
}
