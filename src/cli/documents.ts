/** What stands in files: the Kubernetes objects of YAML and JSON documents, each with the place it comes from. */

import { readYamlDocuments } from "../expression/index.ts";
import { groupOf, isJsonObject, type Json, type JsonObject, type KubernetesObject } from "../object/index.ts";

/** `origin`: file and position, for messages. */
export type Document = { origin: string; object: KubernetesObject };

export type Documents = { documents: readonly Document[]; problems: readonly string[] };

export type FileText = { path: string; text: string };

/** Empty documents are passed over, lists are taken apart, and what is there for other tools is left out. */
export function parseDocuments(files: readonly FileText[]): Documents {
  const documents: Document[] = [];
  const problems: string[] = [];
  for (const { path, text } of files) {
    const read = readYamlDocuments(text);
    if ("problem" in read) {
      problems.push(`${path}: ${read.problem}`);
      continue;
    }
    for (const { origin, value } of read.values.flatMap((value, i) =>
      takeApart(value, placeIn(path, i, read.values)),
    )) {
      const problem = whyNoObject(value);
      if (problem === undefined) documents.push({ origin, object: value as KubernetesObject });
      else if (problem !== "") problems.push(`${origin}: ${problem}`);
    }
  }
  return { documents, problems };
}

type Placed = { origin: string; value: Json };

function placeIn(path: string, index: number, values: readonly Json[]): string {
  return values.length === 1 ? path : `${path}, document ${index + 1}`;
}

/** `kubectl get -o yaml` gives a List. */
function takeApart(value: Json, origin: string): Placed[] {
  if (value === null) return [];
  if (!isJsonObject(value) || typeof value.kind !== "string" || !value.kind.endsWith("List"))
    return [{ origin, value }];
  if (!Array.isArray(value.items)) return [{ origin, value }];
  return value.items.map((item, i) => ({ origin: `${origin}, item ${i + 1}`, value: item }));
}

/** Files that stand beside objects and are none. */
const OF_OTHER_TOOLS = ["kustomize.config.k8s.io", "cli.kyverno.io"];

/** "" for what is passed over without a word; undefined for an object. */
function whyNoObject(value: Json): string | undefined {
  if (!isJsonObject(value)) return "is no Kubernetes object: it has no fields";
  const { apiVersion, kind, metadata } = value;
  if (typeof apiVersion !== "string") return "is no Kubernetes object: it has no apiVersion";
  if (OF_OTHER_TOOLS.includes(groupOf(apiVersion))) return "";
  if (typeof kind !== "string") return "is no Kubernetes object: it has no kind";
  if (!isJsonObject(metadata) || typeof metadata.name !== "string" || metadata.name === "")
    return `this ${kind} has no name: add metadata.name`;
  return whyNoText(metadata, "labels") ?? whyNoText(metadata, "annotations");
}

function whyNoText(metadata: JsonObject, field: "labels" | "annotations"): string | undefined {
  const values = metadata[field];
  if (values === undefined) return undefined;
  if (values === null || !isJsonObject(values)) return `metadata.${field} has to be an object whose values are strings`;
  const wrong = Object.entries(values).find(([, value]) => typeof value !== "string");
  return wrong === undefined
    ? undefined
    : `metadata.${field}.${wrong[0]} is ${JSON.stringify(wrong[1])}, which is no string: put it in quotes`;
}
