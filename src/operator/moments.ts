/**
 * The moments at which what is made once may be made: its rule is new, or its trigger or source is, or its trigger was seen to
 * change. What the holder of the Lease before us had seen tells what is new after a start; what we have seen, and done
 * everything about, goes onto the Lease with its renewals, for whoever comes next.
 */

import { digestOf, type GroupKindKey, groupKindKey, type KubernetesObject, keyOf, refOf } from "../object/index.ts";
import { isCreatedSince, objectsReadBy } from "../plan/index.ts";
import type { CompiledRule } from "../rule/index.ts";
import { type ClaimKey, claimRef, type PolicyState } from "../state/index.ts";
import type { ObservedWorld } from "./observed-world.ts";
import { isUnseen, parseSeenUntil, printSeenUntil, type SeenKind, type SeenUntil } from "./seen-until.ts";
import { rulesOf, seenBy } from "./wanted-watches.ts";
import type { Watches } from "./watches.ts";

export class Moments {
  readonly #world: ObservedWorld;
  readonly #watches: Watches;
  /** What the holder before us had seen; undefined: nobody knows, as there was no Lease. */
  #before: SeenUntil | undefined;
  /** As it stands on the Lease. */
  #published: string | undefined;
  /** To be published as soon as the claims are done whose moment had come by then: these are too many to name. */
  #pending: { text: string; awaited: ReadonlySet<ClaimKey> } | undefined;
  /** What was seen of each kind when its watches ran last. */
  readonly #seen = new Map<GroupKindKey, SeenKind>();
  /** Rules whose triggers were looked at since we hold the Lease. */
  readonly #noted = new Set<string>();
  /** Rules about which nothing was stored when they were first seen. */
  readonly #unstored = new Set<string>();

  constructor(world: ObservedWorld, watches: Watches) {
    this.#world = world;
    this.#watches = watches;
  }

  /**
   * The Lease was got. True when what it says is not what we left there: then all rules have to be noted (again). Where nobody
   * else held it meanwhile it may say less, as renewals failed: what we saw we have seen.
   */
  takeOver(found: string | undefined, heldByOthers = true): boolean {
    const isLeft = !heldByOthers || found === undefined || found === this.#published;
    const isOurs = this.#published !== undefined && isLeft;
    if (isOurs) return false;
    this.#before = found === undefined ? undefined : parseSeenUntil(found);
    this.#published = found;
    this.#pending = undefined;
    this.#noted.clear();
    this.#seen.clear();
    return true;
  }

  /** For the Lease, at each renewal: the text as it is to stand there. */
  get seenUntil(): string | undefined {
    const { moments } = this.#world;
    if (this.#pending?.awaited.values().every((claim) => !moments.has(claim)) === true) {
      this.#published = this.#pending.text;
      this.#pending = undefined;
    }
    if (this.#pending !== undefined || !this.#world.policiesSynced) return this.#published;
    const text = this.#textOf(this.#world.policyStates.values());
    if (moments.size > MOST_OPEN) this.#pending = { text, awaited: new Set(moments) };
    else this.#published = text;
    return this.#published;
  }

  /** The watches are about to end: what they have shown is remembered for the last renewal, which comes when they are gone. */
  noteEnd(): void {
    if (this.#world.policiesSynced) this.#textOf(this.#world.policyStates.values());
  }

  /** Before anything is stored about the policy as it is now. */
  noteNewRules(state: PolicyState): void {
    if (state.phase !== "compiled") return;
    const known = this.#world.policies.disposalOf(keyOf(state.ref))?.rules ?? {};
    for (const rule of state.compiled.rules) {
      const id = idOf(state, rule.name);
      if (Object.hasOwn(known, rule.name)) this.#unstored.delete(id);
      else this.#unstored.add(id);
    }
  }

  /** All that the rule looks at is known now: for which of its claims has the moment come? */
  noteReady(state: PolicyState, rule: CompiledRule, claims: Iterable<ClaimKey>): void {
    if (!isMadeOnce(rule)) return;
    const id = idOf(state, rule.name);
    if (this.#noted.has(id)) return; // since then, events tell
    this.#noted.add(id);
    const isNew = this.#before === undefined ? this.#unstored.has(id) : !this.#before.rules.has(id);
    for (const claim of claims) {
      const trigger = this.#triggerOf(rule, claim);
      if (trigger === undefined || !isCreatedSince(trigger, rule.newSince)) continue;
      const isOpen = this.#before?.open.has(digestOfClaim(claim)) === true;
      if (isNew || isOpen || this.#isUnseen(trigger)) this.#world.moments.add(claim);
      else if (rule.reads.length > 0) this.#noteSources(claim);
    }
  }

  #noteSources(claim: ClaimKey): void {
    const sources = objectsReadBy(this.#world, claim).filter((source) => this.#isUnseen(source));
    for (const source of sources) this.#world.moments.addSource(claim, keyOf(refOf(source)));
  }

  /** Of a kind that nobody kept an eye on, nothing counts as new: what is made once is rather not made than made twice. */
  #isUnseen(object: KubernetesObject): boolean {
    const seen = this.#before?.kinds.get(groupKindKey(refOf(object)));
    return seen !== undefined && isUnseen(object, seen);
  }

  #triggerOf(rule: CompiledRule, claim: ClaimKey): KubernetesObject | undefined {
    const { trigger } = claimRef(claim);
    const resource = rule.triggers.find(({ group, kind }) => group === trigger.group && kind === trigger.kind);
    return resource === undefined ? undefined : this.#world.objects(resource, rule)?.get(keyOf(trigger));
  }

  /** Also when no rule makes anything once: without it nobody would know that. */
  #textOf(policies: Iterable<PolicyState>): string {
    const once = [...policies].flatMap((state) =>
      rulesOf([state]).flatMap((rule) => (isMadeOnce(rule) ? [{ id: idOf(state, rule.name), rule }] : [])),
    );
    const carried = once.filter(({ id }) => !this.#noted.has(id) && this.#before?.rules.has(id) === true);
    const noted = once.filter(({ id }) => this.#noted.has(id));
    const held = new Set(carried.flatMap(({ rule }) => kindsOf(rule)));
    const kinds = new Map<GroupKindKey, SeenKind>();
    for (const { rule } of [...carried, ...noted]) {
      for (const kind of kindsOf(rule)) {
        const seen = held.has(kind) ? this.#before?.kinds.get(kind) : this.#seenOf(kind, noted);
        if (seen !== undefined) kinds.set(kind, seen);
      }
    }
    const rules = new Set([...carried, ...noted].map(({ id }) => id));
    return printSeenUntil({ kinds, rules, open: this.#open(carried.length > 0) });
  }

  /** `carried`: some rules were not looked at yet, and what was open of theirs is so still. */
  #open(carried: boolean): Set<string> {
    const { moments } = this.#world;
    const open = moments.size > MOST_OPEN ? [] : [...moments].map(digestOfClaim);
    return new Set([...open, ...((carried ? this.#before?.open : undefined) ?? [])]);
  }

  /** The earliest of what the watches of a kind have shown. */
  #seenOf(kind: GroupKindKey, rules: readonly { rule: CompiledRule }[]): SeenKind | undefined {
    const selections = rules.flatMap(({ rule }) => seenBy(rule));
    const states = selections
      .filter(({ resource }) => groupKindKey(resource) === kind)
      .map((selection) => this.#watches.stateOf(selection)?.seen);
    const known = states.filter((seen) => seen !== undefined);
    if (known.length < states.length || known.length === 0)
      return this.#seen.get(kind) ?? this.#before?.kinds.get(kind);
    const earliest = known.reduce((a, b) => ({
      version: Number(a.version) <= Number(b.version) ? a.version : b.version,
      time: a.time <= b.time ? a.time : b.time,
    }));
    this.#seen.set(kind, earliest);
    return earliest;
  }
}

/** Edge rules find nothing new at a start. */
export function isMadeOnce({ synchronize, changes }: CompiledRule): boolean {
  return !synchronize && changes === undefined;
}

/** A Lease stays small. */
const MOST_OPEN = 200;

function digestOfClaim(claim: ClaimKey): string {
  return digestOf([claim]).slice(0, 12);
}

function kindsOf({ triggers, reads }: CompiledRule): GroupKindKey[] {
  return [...triggers, ...reads.map(({ resource }) => resource)].map(groupKindKey);
}

/** A policy that is deleted and made anew is a new one. */
function idOf({ ref, object }: PolicyState, rule: string): string {
  return digestOf([keyOf(ref), object.metadata.uid ?? "", rule]).slice(0, 12);
}
