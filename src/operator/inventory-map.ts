/**
 * What the operator must know after a restart and cannot see in the cluster: the kinds it ever wrote, and what becomes of a
 * policy's targets when the policy goes. One ConfigMap, written before the first write that needs it.
 */

import { type ApiFailure, type ClusterClient, printFailure, sendForObject } from "../cluster/index.ts";
import {
  type GroupKind,
  groupKindKey,
  isEqual,
  isJsonObject,
  type Json,
  type JsonObject,
  KYVERNO,
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

/** Somebody else wrote it just before us: that is read, and our changes are made to it. More often is not by chance. */
const TRIES = 3;

class StoredInventory implements InventoryMap {
  readonly #options: InventoryMapOptions;
  content: InventoryContent = EMPTY;
  /** As it is stored, and in which version: "1" is none, so that the first write creates it. */
  #stored: { data: JsonObject; resourceVersion: string } = { data: {}, resourceVersion: "1" };
  /** One write after another: each holds all changes that came before it. */
  #writing: Promise<string | undefined> = Promise.resolve(undefined);
  /** Changes that wait for the next write. */
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
    if (this.#changes.length > 1) return this.#writing; // it has not begun
    this.#writing = this.#writing.then(() => this.#write(this.#changes.splice(0)));
    return this.#writing;
  }

  async #write(changes: readonly Change[]): Promise<string | undefined> {
    let problem: string | undefined;
    for (let tries = 0; tries < TRIES; tries++) {
      const content = changes.reduce((changed, change) => change(changed), this.content);
      const data = printContent(content);
      const failure = isEqual(data, this.#stored.data) ? undefined : await this.#send(data);
      if (failure === undefined) {
        this.content = content;
        return undefined;
      }
      problem = this.#explain(failure);
      if (failure.status !== 409) break;
      problem = (await this.#reload()) ?? problem;
    }
    return problem;
  }

  /** What a person took out or made unreadable is still known here; what he changed is meant. */
  async #reload(): Promise<string | undefined> {
    const known = this.content;
    const problem = await this.load();
    this.content = merge(known, this.content);
    return problem;
  }

  /** A late write of a former holder of the Lease must not undo what the next one stored: hence the version. */
  async #send(data: JsonObject): Promise<ApiFailure | undefined> {
    const { client, mayWrite } = this.#options;
    if (!mayWrite()) return NOT_HELD;
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
    if (!answer.ok) return answer.failure;
    this.#stored = { data, resourceVersion: answer.object.metadata.resourceVersion ?? "1" };
    return undefined;
  }

  #explain(failure: ApiFailure): string {
    const name = `ConfigMap ${this.#options.namespace}/${INVENTORY_NAME}`;
    const remedy = failure.status === 422 ? "; delete it, and it is made again" : "";
    return `cannot store in ${name}: ${printFailure(failure)}${remedy}`;
  }

  get #path(): string {
    return `/api/v1/namespaces/${this.#options.namespace}/configmaps/${INVENTORY_NAME}`;
  }
}

const NOT_HELD: ApiFailure = { status: 403, reason: "", message: "the Lease is not held", causes: [] };

function merge(known: InventoryContent, stored: InventoryContent): InventoryContent {
  const disposals = new Map([...known.disposals, ...stored.disposals]);
  for (const [key, { rules }] of known.disposals) {
    const disposal = disposals.get(key);
    if (disposal !== undefined) disposals.set(key, { ...disposal, rules: { ...rules, ...disposal.rules } });
  }
  return { kinds: addKinds(known.kinds)(stored).kinds, disposals };
}

const KINDS = "kinds";
const POLICY = "policy.";
/** Both groups may have a policy of the same kind and name. */
const FOREIGN_POLICY = "kyverno.";

function prefixOf({ group }: ObjectRef): string {
  return group === KYVERNO ? FOREIGN_POLICY : POLICY;
}

function printContent({ kinds, disposals }: InventoryContent): JsonObject {
  const lines = kinds.map(printKind).sort();
  const data: JsonObject = { [KINDS]: lines.map((line) => `${line}\n`).join("") };
  for (const { policy, definition, rules, mutated } of disposals.values()) {
    const kept = Object.entries(mutated ?? {}).filter(([, kinds]) => kinds.length > 0);
    data[`${prefixOf(policy)}${policy.kind}.${policy.namespace}.${policy.name}`] = JSON.stringify({
      group: policy.group,
      definition,
      rules,
      ...(kept.length === 0
        ? {}
        : { mutated: Object.fromEntries(kept.map(([rule, kinds]) => [rule, kinds.map(printKind)])) }),
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
  const match = /^(?:policy|kyverno)\.([^.]+)\.([^.]*)\.(.+)$/.exec(key);
  const entry = parse(String(value));
  if (match === null || !isJsonObject(entry.rules)) return [];
  const [, kind = "", namespace = "", name = ""] = match;
  const policy: ObjectRef = { group: String(entry.group), kind, namespace, name };
  const rules = Object.entries(entry.rules).filter(([, disposal]) => disposal === "keep" || disposal === "delete");
  const known = { rules: Object.fromEntries(rules) as Disposal["rules"], ...readMutated(entry) }; // filtered above
  return [{ policy, definition: String(entry.definition), ...known }];
}

/** None at all where the entry says nothing of it. */
function readMutated({ mutated }: JsonObject): Pick<Disposal, "mutated"> {
  if (mutated === undefined || !isJsonObject(mutated)) return {};
  const read = (kinds: Json): GroupKind[] => (Array.isArray(kinds) ? kinds : []).map((kind) => readKind(String(kind)));
  return { mutated: Object.fromEntries(Object.entries(mutated).map(([rule, kinds]) => [rule, read(kinds)])) };
}

function printKind({ group, kind }: GroupKind): string {
  return `${group}/${kind}`;
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
