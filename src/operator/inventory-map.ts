/**
 * What the operator must know after a restart and cannot see in the cluster: the kinds it ever wrote, and what becomes of a
 * policy's targets when the policy goes. One ConfigMap, written before the first write that needs it.
 */

import { type ClusterClient, printFailure, sendForObject } from "../cluster/index.ts";
import {
  type GroupKind,
  groupKindKey,
  isEqual,
  isJsonObject,
  type Json,
  type JsonObject,
  keyOf,
  MANAGER,
  type ObjectKey,
  type ObjectRef,
} from "../object/index.ts";
import type { Disposal } from "../state/index.ts";

export const INVENTORY_NAME = "perennial-inventory";

export type InventoryContent = { kinds: readonly GroupKind[]; disposals: ReadonlyMap<ObjectKey, Disposal> };

export interface InventoryMap {
  readonly content: InventoryContent;
  /** Reads what is stored. An Error says why that is not possible. */
  load(): Promise<void>;
  /** Stores what a change of the content gives, unless that is what is stored. False: not stored, try again. */
  update(change: (content: InventoryContent) => InventoryContent): Promise<boolean>;
}

export function createInventoryMap(client: ClusterClient, namespace: string): InventoryMap {
  return new StoredInventory(client, namespace);
}

const EMPTY: InventoryContent = { kinds: [], disposals: new Map() };

class StoredInventory implements InventoryMap {
  readonly #client: ClusterClient;
  readonly #namespace: string;
  content: InventoryContent = EMPTY;
  #stored: JsonObject = {};
  /** One write after another: each holds all changes that came before it. */
  #writing: Promise<boolean> = Promise.resolve(true);
  #wanted: InventoryContent = EMPTY;

  constructor(client: ClusterClient, namespace: string) {
    this.#client = client;
    this.#namespace = namespace;
  }

  async load(): Promise<void> {
    const answer = await sendForObject(this.#client, { method: "GET", path: this.#path });
    if (!answer.ok && answer.failure.status !== 404) {
      throw new Error(`cannot read ConfigMap ${this.#namespace}/${INVENTORY_NAME}: ${printFailure(answer.failure)}`);
    }
    this.#stored = answer.ok && isJsonObject(answer.object.data) ? answer.object.data : {};
    this.content = readContent(this.#stored);
    this.#wanted = this.content;
  }

  async update(change: (content: InventoryContent) => InventoryContent): Promise<boolean> {
    this.#wanted = change(this.#wanted);
    const written = this.#writing.then(() => this.#write());
    this.#writing = written;
    return written;
  }

  async #write(): Promise<boolean> {
    const content = this.#wanted;
    const data = printContent(content);
    if (!isEqual(data, this.#stored)) {
      const answer = await sendForObject(this.#client, {
        method: "PATCH",
        path: this.#path,
        query: { fieldManager: MANAGER, force: "true" },
        contentType: "application/apply-patch+yaml",
        body: { apiVersion: "v1", kind: "ConfigMap", metadata: { name: INVENTORY_NAME }, data },
      });
      if (!answer.ok) return false;
      this.#stored = data;
    }
    this.content = content;
    return true;
  }

  get #path(): string {
    return `/api/v1/namespaces/${this.#namespace}/configmaps/${INVENTORY_NAME}`;
  }
}

const KINDS = "kinds";
const POLICY = "policy.";

function printContent({ kinds, disposals }: InventoryContent): JsonObject {
  const lines = kinds.map(({ group, kind }) => `${group}/${kind}`).sort();
  const data: JsonObject = { [KINDS]: lines.map((line) => `${line}\n`).join("") };
  for (const { policy, definition, rules } of disposals.values()) {
    data[`${POLICY}${policy.kind}.${policy.namespace}.${policy.name}`] = JSON.stringify({
      group: policy.group,
      definition,
      rules,
    });
  }
  return data;
}

function readContent(data: JsonObject): InventoryContent {
  const kinds = String(data[KINDS] ?? "")
    .split("\n")
    .filter((line) => line.includes("/"))
    .map(readKind);
  const disposals = Object.entries(data).flatMap(([key, value]) => readDisposal(key, value));
  return { kinds, disposals: new Map(disposals.map((disposal) => [keyOf(disposal.policy), disposal])) };
}

function readKind(line: string): GroupKind {
  const slash = line.indexOf("/");
  return { group: line.slice(0, slash), kind: line.slice(slash + 1) };
}

/** What cannot be read is left out: a policy without an entry keeps its targets. */
function readDisposal(key: string, value: Json): Disposal[] {
  const match = /^policy\.([^.]+)\.([^.]*)\.(.+)$/.exec(key);
  const entry = parse(String(value));
  if (match === null || !isJsonObject(entry.rules)) return [];
  const [, kind = "", namespace = "", name = ""] = match;
  const policy: ObjectRef = { group: String(entry.group), kind, namespace, name };
  const rules = Object.entries(entry.rules).filter(([, disposal]) => disposal === "keep" || disposal === "delete");
  return [{ policy, definition: String(entry.definition), rules: Object.fromEntries(rules) as Disposal["rules"] }]; // filtered above
}

function parse(text: string): JsonObject {
  try {
    const value: Json = JSON.parse(text);
    return isJsonObject(value) ? value : {};
  } catch {
    return {};
  }
}

export function addKinds(kinds: readonly GroupKind[]): (content: InventoryContent) => InventoryContent {
  return (content) => {
    const all = new Map(
      [...content.kinds, ...kinds].map(({ group, kind }) => [groupKindKey({ group, kind }), { group, kind }]),
    );
    return { ...content, kinds: [...all.values()] };
  };
}

export function addDisposal(disposal: Disposal): (content: InventoryContent) => InventoryContent {
  return (content) => ({ ...content, disposals: new Map([...content.disposals, [keyOf(disposal.policy), disposal]]) });
}
