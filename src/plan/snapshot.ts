/** The world as a rule sees it for one plan; what the rule looks at is written down. */

import type { Environment } from "../expression/index.ts";
import {
  type ClaimIdentity,
  type CreatedBy,
  type GroupKind,
  isBeingDeleted,
  type KubernetesObject,
  keyedNumbers,
  keyOf,
  type ObjectKey,
  type ObjectRef,
  printRef,
  type Resource,
  readCreator,
} from "../object/index.ts";
import type { Answer, Call, CalledLookup, CallResult, Found, Lookup, Snapshot, Value } from "../rule/index.ts";
import {
  type Dependency,
  dependsOnAnswer,
  dependsOnCall,
  dependsOnList,
  dependsOnObject,
  findAsked,
  type Look,
  type SeenChange,
  type World,
} from "../state/index.ts";
import { type Absence, absenceFromLists, absenceOf } from "./fate.ts";
import { firstApplied } from "./first-applied.ts";

/** What calls came to, for who does not go by what the world knows of them. */
export type Asked = { resultOf(call: Call): CallResult | undefined };

/** For asking a rule without planning. */
export function snapshotOf(world: World, asked?: Asked): RecordedSnapshot {
  return new RecordedSnapshot(world, undefined, asked);
}

export class RecordedSnapshot implements Snapshot {
  readonly environment: Pick<Environment, "now" | "hash">;
  readonly #world: World;
  readonly #looked = new Map<ObjectKey, ObjectRef>();
  readonly #lists = new Map<Dependency, GroupKind>();
  readonly looks: Look[] = [];
  readonly found: KubernetesObject[] = [];
  readonly #absent = new Map<ObjectKey, ObjectRef>();
  readonly #calls = new Map<string, Call>();
  /** One moment for the whole plan. */
  #now: Date | undefined;
  /** The first thing that nobody can say, such as whether an object is there: no conclusion may be drawn from the answers given. */
  unknown: string | undefined;

  /** Calls that have no answer yet. */
  readonly open: Call[] = [];
  readonly #change: SeenChange | undefined;
  readonly #asked: Asked;

  /** `change`: what the rule acts on, where it is about changes; chance and time are those of that. */
  constructor(world: World, change?: SeenChange, asked: Asked = world) {
    this.#world = world;
    this.#change = change;
    this.#asked = asked;
    this.environment = world.environment;
  }

  get dependencies(): Dependency[] {
    return [...[...this.#looked.values()].map(dependsOnObject), ...this.#lists.keys()];
  }

  /** What has to be asked now and then, answered already or not. */
  get calls(): Call[] {
    return [...this.#calls.values()];
  }

  numbers(fields: readonly string[]): () => number {
    const { installationKey } = this.#world;
    const keyed = this.#change === undefined ? fields : [...fields, this.#change.id];
    if (installationKey !== undefined) return keyedNumbers(installationKey, keyed);
    this.unknown ??= "the installation key";
    return () => 0;
  }

  creator(object: KubernetesObject): CreatedBy {
    const { installationKey } = this.#world;
    if (installationKey !== undefined) return readCreator(installationKey, object);
    this.unknown ??= "the installation key";
    return { unknown: this.unknown };
  }

  firstApplied(claim: ClaimIdentity): Date {
    if (this.#change !== undefined) return wholeSecond(this.#change.time);
    const known = firstApplied(this.#world, claim);
    if (known !== undefined) return new Date(known);
    this.#now ??= wholeSecond(this.environment.now());
    return this.#now;
  }

  /** What is being deleted counts as gone. */
  read(resource: Resource, ref: ObjectRef): KubernetesObject | undefined {
    const key = keyOf(ref);
    this.#looked.set(key, ref);
    const store = this.#world.objectsWith(resource, ref);
    if (store === undefined || !store.synced) {
      this.unknown ??= `whether ${printRef(ref)} is there`;
      return undefined;
    }
    const found = store.get(key);
    if (found !== undefined && !isBeingDeleted(found)) {
      this.found.push(found);
      return found;
    }
    this.#absent.set(key, ref);
    return undefined;
  }

  list(resource: Resource, namespace: string | undefined): readonly KubernetesObject[] {
    this.#lists.set(dependsOnList(resource, namespace), resource);
    const store = this.#world.objectsIn(resource, namespace);
    if (store === undefined || !store.synced) {
      this.unknown ??= `whether every ${resource.kind} is there`;
      return [];
    }
    const found = store.list(namespace).filter((object) => !isBeingDeleted(object));
    this.found.push(...found);
    return found;
  }

  look(lookup: Lookup): Value {
    const found = findAsked(this.#world, lookup);
    if (found === "unknown") {
      const about = lookup.name === undefined ? `every ${lookup.resource.kind}` : printRef(refOf(lookup));
      this.unknown ??= `whether ${about} is there`;
      return { ok: false, reason: "ContextMissing", message: `${this.unknown} is not known yet` };
    }
    const { value, digest } = lookup.answer(found);
    this.looks.push({ lookup, digest, dependency: dependsOnAnswer(lookup) });
    this.#noteFound(lookup, found);
    return value;
  }

  call(lookup: CalledLookup): Value {
    const { call } = lookup;
    this.#calls.set(call.key, call);
    const result = this.#asked.resultOf(call);
    if (result === undefined) {
      this.open.push(call);
      this.unknown ??= "the answer to a call";
      return { ok: false, reason: "ContextMissing", message: `${this.unknown} is not known yet` };
    }
    const { value, digest } = lookup.answer(result);
    this.looks.push({ lookup, digest, dependency: dependsOnCall(call) });
    return value;
  }

  #noteFound(lookup: Lookup, found: Found): void {
    if (lookup.name === undefined) this.#lists.set(dependsOnAnswer(lookup), lookup.resource);
    else if (found === undefined) this.#absent.set(keyOf(refOf(lookup)), refOf(lookup));
    else this.found.push(found as KubernetesObject); // asked for by name, so no list
  }

  /** True when the rule looked at the object: what it desires may hang on it being there. */
  isInput(ref: ObjectRef): boolean {
    return this.#looked.has(keyOf(ref)) || this.looks.some((look) => hangsOn(this.#world, look, ref));
  }

  /** Why what depends on absent objects may not be deleted yet. `lastSeen`: as for the absence of a trigger. */
  whyHeld(lastSeen: number): Extract<Absence, { type: "held" }> | undefined {
    const absences = [...this.#absent.values()].map((ref) => absenceOf(this.#world, ref, lastSeen));
    const ofLists = [...this.#lists.values()].map((kind) => absenceFromLists(this.#world, kind));
    const held = [...absences, ...ofLists].filter((absence) => absence?.type === "held");
    // looked at again when the first of them may have another answer
    return held.sort((a, b) => (a.again ?? Number.POSITIVE_INFINITY) - (b.again ?? Number.POSITIVE_INFINITY))[0];
  }
}

/** As a target tells it. */
function wholeSecond(time: Date): Date {
  return new Date(Math.floor(time.getTime() / 1_000) * 1_000);
}

function refOf({ resource: { group, kind }, namespace = "", name = "" }: Lookup): ObjectRef {
  return { group, kind, namespace, name };
}

/** Whether the answer would be another one without the object. */
function hangsOn(world: World, { lookup, digest }: Look, ref: ObjectRef): boolean {
  if ("call" in lookup) return false;
  const { kind, group } = lookup.resource;
  if (kind !== ref.kind || group !== ref.group || (lookup.namespace ?? ref.namespace) !== ref.namespace) return false;
  if (lookup.name !== undefined) return lookup.name === ref.name;
  const found = findAsked(world, lookup);
  if (!Array.isArray(found)) return false;
  const others = (found as readonly KubernetesObject[]).filter(({ metadata }) => !isNamed(metadata, ref)); // a list, as asked
  const without: Answer = lookup.answer(others);
  return without.digest !== digest;
}

function isNamed({ name, namespace = "" }: KubernetesObject["metadata"], ref: ObjectRef): boolean {
  return name === ref.name && namespace === ref.namespace;
}
