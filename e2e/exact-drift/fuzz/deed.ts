/** One thing that somebody does, as a value that can be printed, and how it is done. */

import { isJsonObject, type Json, type JsonObject, type KubernetesObject } from "../../../src/object/index.ts";
import { type Answer, isSuccess } from "../api.ts";
import type { Hands, Operation } from "../hands.ts";
import type { Kind } from "../kinds.ts";
import { CHANGES, CHANGES_IN_OTHER_VERSION, OTHER_VERSIONS } from "./changes.ts";
import type { Random } from "./random.ts";

export type Deed =
  | { do: "patch"; as: string; operations: Operation[]; version?: string }
  /** Forced apply of the object as it would be after the operations, or of just what the policy wants. */
  | { do: "apply"; as: string; operations: Operation[] }
  /** A PUT of the object as it would be after the operations. */
  | { do: "replace"; operations: Operation[] }
  | { do: "merge"; as: string; patch: JsonObject }
  | { do: "clear managedFields" }
  | { do: "keep only the entries of perennial" }
  | { do: "delete" }
  | { do: "delete and create"; operations: Operation[] };

/** Names of others, of ours, and of the control plane. */
const MANAGERS = ["manager-1", "manager-2", "manager-3", "kubectl-edit", "perennial", "kube-controller-manager"];

/** None of them says that the object is another manager's: one that is made anew and says so would rightly be left alone. */
const MARKS_OFF: readonly JsonObject[] = [
  { metadata: { labels: null } },
  { metadata: { labels: { "perennial.dev/target": null } } },
  { metadata: { labels: { "app.kubernetes.io/managed-by": null } } },
  { metadata: { annotations: { "perennial.dev/rule": "other" } } },
];

/** Draws what is to be done to an object of the kind that looks like `fresh` when it is in sync. */
export function drawDeed(random: Random, kind: Kind, fresh: KubernetesObject): Deed {
  const as = random.pick(MANAGERS);
  const change = (): Operation => ({ op: "add", ...random.pick(CHANGES[kind.title] ?? []) });
  const removal = (): Operation => ({ op: "remove", path: random.pick(pointersOf(fresh)) });
  const version = OTHER_VERSIONS[kind.title];
  const draws: readonly (() => Deed)[] = [
    ...times(4, () => ({ do: "patch", as, operations: [change()] })),
    ...times(1, () => ({ do: "patch", as, operations: [change(), change()] })),
    ...times(3, () => ({ do: "patch", as, operations: [removal()] })),
    ...times(1, () => ({ do: "merge", as, patch: nulled(random.pick(fieldsOf(fresh))) })),
    ...times(1, () => ({ do: "apply", as, operations: [] })),
    ...times(2, () => ({ do: "apply", as, operations: [change()] })),
    ...times(2, () => ({ do: "replace", operations: [change()] })),
    ...times(1, () => ({ do: "replace", operations: [removal()] })),
    ...times(1, () => ({ do: "clear managedFields" })),
    ...times(1, () => ({ do: "keep only the entries of perennial" })),
    ...times(1, () => ({ do: "merge", as, patch: random.pick(MARKS_OFF) })),
    ...times(1, () => ({ do: "delete" })),
    ...times(1, () => ({ do: "delete and create", operations: [change()] })),
    ...(version === undefined
      ? []
      : times(4, () => {
          const other = random.pick(CHANGES_IN_OTHER_VERSION[kind.title] ?? []);
          return { do: "patch", as, version, operations: [{ op: "add", ...other }] };
        })),
  ];
  return random.pick(draws)();
}

function times(count: number, draw: () => Deed): (() => Deed)[] {
  return Array.from({ length: count }, () => draw);
}

/** Does it. Whether the server takes it is as it comes. */
export async function doDeed(hands: Hands, deed: Deed, wanted: JsonObject): Promise<void> {
  switch (deed.do) {
    case "patch":
      await hands.edit(deed.operations, {
        as: deed.as,
        ...(deed.version === undefined ? {} : { version: deed.version }),
      });
      return;
    case "merge":
      await hands.merge(deed.patch, { as: deed.as });
      return;
    case "apply": {
      const content = deed.operations.length === 0 ? wanted : await contentAfter(hands, deed.operations);
      const metadata = deed.as === "perennial" ? await metadataOf(hands) : {};
      if (content !== undefined) await hands.apply(content, deed.as, { metadata });
      return;
    }
    case "replace": {
      const content = await contentAfter(hands, deed.operations);
      if (content !== undefined) await hands.replace(content).catch(() => {}); // it may just be being deleted
      return;
    }
    case "clear managedFields":
      await hands.clearManagedFields();
      return;
    case "keep only the entries of perennial":
      await hands.keepOnlyEntriesOf("perennial");
      return;
    case "delete":
      await hands.remove();
      return;
    case "delete and create": {
      const content = await contentAfter(hands, deed.operations);
      await hands.remove();
      if (content !== undefined) await hands.create(content);
      return;
    }
  }
}

/** What the server would make of the operations; undefined when it does not take them. */
async function contentAfter(hands: Hands, operations: readonly Operation[]): Promise<JsonObject | undefined> {
  const answer: Answer = await hands.preview(operations);
  if (!isSuccess(answer) || !isJsonObject(answer.body)) return undefined;
  const { apiVersion: _apiVersion, kind: _kind, metadata: _metadata, status: _status, ...content } = answer.body;
  return content;
}

/** Who speaks under our name leaves our marks where they are. */
async function metadataOf(hands: Hands): Promise<JsonObject> {
  const { labels = {}, annotations = {} } = (await hands.live())?.metadata ?? {};
  return { labels, annotations };
}

/** Every place of the content, as JSON pointers. */
function pointersOf({
  apiVersion: _apiVersion,
  kind: _kind,
  metadata: _metadata,
  status: _status,
  ...content
}: KubernetesObject) {
  const pointers: string[] = [];
  const walk = (value: Json | undefined, path: string): void => {
    if (value === null || typeof value !== "object") return;
    for (const [key, child] of Object.entries(value)) {
      const pointer = `${path}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`;
      pointers.push(pointer);
      walk(child, pointer);
    }
  };
  walk(content as JsonObject, ""); // an object is JSON
  return pointers;
}

/** The fields of the content, and those one level below. */
function fieldsOf(fresh: KubernetesObject): string[][] {
  return pointersOf(fresh)
    .map((pointer) => pointer.split("/").slice(1))
    .filter((path) => path.length <= 2)
    .map((path) => path.map((segment) => segment.replaceAll("~1", "/").replaceAll("~0", "~")));
}

function nulled([first = "", ...rest]: readonly string[]): JsonObject {
  return { [first]: rest.length === 0 ? null : nulled(rest) };
}
