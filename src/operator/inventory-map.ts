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

export type Change = (content: InventoryContent) => InventoryContent;

export type InventoryContent = { kinds: readonly GroupKind[]; disposals: ReadonlyMap<ObjectKey, Disposal> };

export interface InventoryMap {
  readonly content: InventoryContent;
  /** Reads what is stored; the answer says why that is not possible. */
  load(): Promise<string | undefined>;
  /** Stores what a change of the content gives, unless that is what is stored; the answer says why it is not. */
  update(change: Change): Promise<string | undefined>;
}

export type InventoryMapOptions = { client: ClusterClient; namespace: string; mayWrite(): boolean };

export function createInventoryMap(options: InventoryMapOptions): InventoryMap {
  return new StoredInventory(options);
}

const EMPTY: InventoryContent = { kinds: [], disposals: new Map() };

class StoredInventory implements InventoryMap {
  readonly #options: InventoryMapOptions;
  content: InventoryContent = EMPTY;
  /** As it is stored, and in which version: "1" is none, so that the first write creates it. */
  #stored: { data: JsonObject; resourceVersion: string } = { data: {}, resourceVersion: "1" };
  /** One write after another: each holds all changes that came before it. */
  #writing: Promise<string | undefined> = Promise.resolve(undefined);
  /** Changes that are not stored yet. */
  #changes: Change[] = [];

  constructor(options: InventoryMapOptions) {
    this.#options = options;
  }

  async load(): Promise<string | undefined> {
    const answer = await sendForObject(this.#options.client, { method: "GET", path: this.#path });
    if (!answer.ok && answer.failure.status !== 404) {
      return `cannot read ConfigMap ${this.#options.namespace}/${INVENTORY_NAME}: ${printFailure(answer.failure)}`;
    }
    const data: JsonObject = answer.ok && isJsonObject(answer.object.data) ? answer.object.data : {};
    this.#stored = { data, resourceVersion: answer.ok ? (answer.object.metadata.resourceVersion ?? "1") : "1" };
    this.content = readContent(data);
    return undefined;
  }

  async update(change: Change): Promise<string | undefined> {
    this.#changes.push(change);
    const written = this.#writing.then(() => this.#write());
    this.#writing = written;
    return written;
  }

  async #write(): Promise<string | undefined> {
    const changes = [...this.#changes];
    const content = changes.reduce((changed, change) => change(changed), this.content);
    const data = printContent(content);
    const problem = isEqual(data, this.#stored.data) ? undefined : await this.#send(data);
    if (problem !== undefined) return problem;
    this.content = content;
    this.#changes = this.#changes.slice(changes.length);
    return undefined;
  }

  /** A late write of a former holder of the Lease must not undo what the next one stored: hence the version. */
  async #send(data: JsonObject): Promise<string | undefined> {
    const { client, namespace, mayWrite } = this.#options;
    if (!mayWrite()) return "the Lease is not held";
    const answer = await sendForObject(client, {
      method: "PATCH",
      path: this.#path,
      query: { fieldManager: MANAGER, force: "true" },
      contentType: "application/apply-patch+yaml",
      body: {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: INVENTORY_NAME, resourceVersion: this.#stored.resourceVersion },
        data,
      },
    });
    if (answer.ok) {
      this.#stored = { data, resourceVersion: answer.object.metadata.resourceVersion ?? "1" };
      return undefined;
    }
    if (answer.failure.status === 409) await this.load(); // the changes are made again to what is there
    return `cannot store in ConfigMap ${namespace}/${INVENTORY_NAME}: ${printFailure(answer.failure)}`;
  }

  get #path(): string {
    return `/api/v1/namespaces/${this.#options.namespace}/configmaps/${INVENTORY_NAME}`;
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

export function addKinds(kinds: readonly GroupKind[]): Change {
  return (content) => {
    const all = new Map(
      [...content.kinds, ...kinds].map(({ group, kind }) => [groupKindKey({ group, kind }), { group, kind }]),
    );
    return { ...content, kinds: [...all.values()] };
  };
}

export function addDisposal(disposal: Disposal): Change {
  return (content) => ({ ...content, disposals: new Map([...content.disposals, [keyOf(disposal.policy), disposal]]) });
}
