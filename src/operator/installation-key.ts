/**
 * The installation key: made once, kept in a Secret, and the root of all values that must never change by themselves. A key
 * that is gone while marked targets are there was lost, not never made: a new one would change those values everywhere, so
 * that is for a person to decide.
 */

import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { type ClusterClient, printFailure, sendForObject, type WriteAnswer } from "../cluster/index.ts";
import {
  isJsonObject,
  type JsonObject,
  KEY_FIELD,
  KEY_SECRET,
  type KubernetesObject,
  MANAGER,
} from "../object/index.ts";
import type { Log } from "../telemetry/index.ts";

const KEY_BYTES = 32;

/** `absent`: not there; whether it was lost shows when the targets are known. */
type KeyState = "unknown" | "present" | "absent" | "lost";

export type KeyOptions = { namespace: string; newInstallationKey: boolean; log: Log };

/** What has to be known before a key may be made. */
export type KeyConditions = { mayHold(): boolean; isKnown(): boolean; hasTargets(): boolean };

const POLL = 250;
const POLL_WHILE_LOST = 5_000;

export class InstallationKey {
  readonly #client: ClusterClient;
  readonly #options: KeyOptions;
  #state: KeyState = "unknown";
  /** Of the Secret as it was read; "1" is none, so that making it fails when somebody else just did. */
  #resourceVersion = "1";
  #settling: Promise<void> | undefined;
  #value: Uint8Array | undefined;
  /** What stands in the Secret, as it was read last. */
  fields: readonly string[] = [];

  constructor(client: ClusterClient, options: KeyOptions) {
    this.#client = client;
    this.#options = options;
  }

  /** Finds it, or makes it where none is missed; while it is lost, waits until somebody restores it. */
  async settle(conditions: KeyConditions): Promise<void> {
    this.#settling ??= this.#settle(conditions).finally(() => {
      this.#settling = undefined;
    });
    return this.#settling;
  }

  async #settle(conditions: KeyConditions): Promise<void> {
    while (!this.isPresent && conditions.mayHold()) {
      const problem = (await this.#load()) ?? (await this.#makeIfNeverMade(conditions));
      if (problem !== undefined) this.#options.log.warn({ reason: problem }, "no installation key yet; trying again");
      if (!this.isPresent) await delay(this.#state === "lost" ? POLL_WHILE_LOST : POLL);
    }
  }

  /** The key as it was last read or made; undefined until then. */
  get value(): Uint8Array | undefined {
    return this.#value;
  }

  /** Reads what there is, so that plans can be made before this process leads; whether it is lost shows only then. */
  async look(): Promise<void> {
    const answer = await this.#read();
    if (answer.ok) this.#value = keyIn(answer.object);
    this.fields = fieldsOf(answer);
  }

  get isPresent(): boolean {
    return this.#state === "present";
  }

  /** For /readyz; undefined when it is there. */
  whyNotUsable(): string | undefined {
    if (this.#state === "present") return undefined;
    if (this.#state !== "lost") return "waiting for the installation key";
    return `the installation key is lost: Secret ${this.#options.namespace}/${KEY_SECRET} is gone while generated objects are there; restore it from a backup, or start once with --new-installation-key`;
  }

  async #load(): Promise<string | undefined> {
    const answer = await this.#read();
    if (!answer.ok && answer.failure.status !== 404)
      return `cannot read Secret ${KEY_SECRET}: ${printFailure(answer.failure)}`;
    this.#resourceVersion = answer.ok ? (answer.object.metadata.resourceVersion ?? "1") : "1";
    const key = answer.ok ? keyIn(answer.object) : undefined;
    this.fields = fieldsOf(answer);
    if (key !== undefined) this.#keep(key);
    else if (this.#state !== "lost") this.#state = "absent";
    return undefined;
  }

  async #makeIfNeverMade({ isKnown, hasTargets }: KeyConditions): Promise<string | undefined> {
    if (this.isPresent || !isKnown()) return undefined;
    if (!hasTargets() || this.#options.newInstallationKey) return this.#make();
    if (this.#state !== "lost") {
      this.#state = "lost";
      this.#options.log.error(this.whyNotUsable());
    }
    return undefined;
  }

  async #make(): Promise<string | undefined> {
    const key = randomBytes(KEY_BYTES);
    const answer = await sendForObject(this.#client, {
      method: "PATCH",
      path: `${this.#collection}/${KEY_SECRET}`,
      query: { fieldManager: MANAGER, force: "true" },
      contentType: "application/apply-patch+yaml",
      body: {
        apiVersion: "v1",
        kind: "Secret",
        metadata: { name: KEY_SECRET, resourceVersion: this.#resourceVersion },
        data: { [KEY_FIELD]: key.toString("base64") },
      },
    });
    if (!answer.ok) return `cannot write Secret ${KEY_SECRET}: ${printFailure(answer.failure)}`;
    this.#keep(key);
    return undefined;
  }

  #read() {
    return sendForObject(this.#client, { method: "GET", path: `${this.#collection}/${KEY_SECRET}` });
  }

  #keep(key: Uint8Array): void {
    this.#state = "present";
    this.#value = key;
  }

  get #collection(): string {
    return `/api/v1/namespaces/${this.#options.namespace}/secrets`;
  }
}

function fieldsOf(answer: WriteAnswer): string[] {
  return answer.ok && isJsonObject(answer.object.data) ? Object.keys(answer.object.data) : [];
}

function keyIn({ data }: KubernetesObject): Uint8Array | undefined {
  const fields: JsonObject = isJsonObject(data) ? data : {};
  const key = Buffer.from(String(fields[KEY_FIELD] ?? ""), "base64");
  return key.length >= KEY_BYTES ? key : undefined;
}
