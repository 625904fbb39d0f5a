/** The root `images`: what the containers of a Pod, or of what makes Pods, run. */

import { parseImage, printImage } from "../expression/index.ts";
import {
  asJson,
  groupKindKey,
  isJsonObject,
  type Json,
  type JsonObject,
  type KubernetesObject,
  type Path,
  printPointer,
  refOf,
  valueAt,
} from "../object/index.ts";

const TEMPLATE = ["spec", "template", "spec"];

/** Where the spec of the Pods stands. */
const POD_SPECS: ReadonlyMap<string, Path> = new Map<string, Path>([
  [groupKindKey({ group: "", kind: "Pod" }), ["spec"]],
  [groupKindKey({ group: "", kind: "ReplicationController" }), TEMPLATE],
  ...["DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"].map((kind): [string, Path] => [
    groupKindKey({ group: "apps", kind }),
    TEMPLATE,
  ]),
  [groupKindKey({ group: "batch", kind: "Job" }), TEMPLATE],
  [groupKindKey({ group: "batch", kind: "CronJob" }), ["spec", "jobTemplate", "spec", "template", "spec"]],
]);

const CONTAINERS = ["initContainers", "containers", "ephemeralContainers"];

/** Undefined for other kinds. A list without images is not there, and neither is a container whose image is none. */
export function imagesOf(object: KubernetesObject): (() => JsonObject) | undefined {
  const path = POD_SPECS.get(groupKindKey(refOf(object)));
  if (path === undefined) return undefined;
  let known: JsonObject | undefined;
  return () => {
    known ??= readImages(asJson(object), path);
    return known;
  };
}

function readImages(object: JsonObject, spec: Path): JsonObject {
  const lists = CONTAINERS.flatMap((list): [string, Json][] => {
    const images = readList(valueAt(object, [...spec, list]), [...spec, list]);
    return images.length === 0 ? [] : [[list, Object.fromEntries(images)]];
  });
  return Object.fromEntries(lists);
}

function readList(containers: Json | undefined, path: Path): [string, Json][] {
  return (Array.isArray(containers) ? containers : []).flatMap((container, i): [string, Json][] => {
    const { name, image } = isJsonObject(container) ? container : {};
    const described = typeof image === "string" ? describeImage(image, [...path, i, "image"]) : undefined;
    return typeof name !== "string" || described === undefined ? [] : [[name, described]];
  });
}

function describeImage(text: string, at: Path): JsonObject | undefined {
  const image = parseImage(text);
  if (image === undefined) return undefined;
  const { registry, path, tag } = image;
  const referenceWithTag = `${registry}/${path}${tag === undefined ? "" : `:${tag}`}`;
  return { ...image, reference: printImage(image), referenceWithTag, jsonPointer: printPointer(at) };
}
