/**
 * What has to survive a restart, kept in step with the policies: stored before the first write that needs it, taken out when
 * nothing is left that it is about.
 */

import type { ClusterClient } from "../cluster/index.ts";
import { type GroupKind, groupKindKey, keyOf, type ObjectKey } from "../object/index.ts";
import { findRule, type PolicyState } from "../state/index.ts";
import type { Log } from "../telemetry/index.ts";
import {
  addDisposal,
  addKinds,
  createInventoryMap,
  type InventoryContent,
  type InventoryMap,
} from "./inventory-map.ts";
import type { ObservedWorld } from "./observed-world.ts";
import { hasOrphans, keyOfRule, type MutatingRule } from "./orphaned-mutations.ts";
import { disposalOf, revertedKinds } from "./policy-book.ts";
import { rulesOf } from "./wanted-watches.ts";

export type StoredKnowledgeOptions = {
  client: ClusterClient;
  namespace: string;
  world: ObservedWorld;
  log: Log;
  mayWrite(): boolean;
  /** Told when what a policy needs is stored, or cannot be (then `problemOf` says why). */
  onStored(policy: ObjectKey, ok: boolean): void;
};

const RETRY = 1_000;

export class StoredKnowledge {
  readonly #options: StoredKnowledgeOptions;
  readonly #map: InventoryMap;
  readonly #problems = new Map<ObjectKey, string>();

  constructor(options: StoredKnowledgeOptions) {
    this.#options = options;
    this.#map = createInventoryMap(options);
  }

  /** The kinds that were ever written. */
  get kinds(): readonly GroupKind[] {
    return this.#map.content.kinds;
  }

  /** Why it is not stored; undefined when it is, or is being. */
  problemOf(policy: ObjectKey): string | undefined {
    return this.#problems.get(policy);
  }

  /** The answer says why it cannot be read. */
  async load(): Promise<string | undefined> {
    const { world } = this.#options;
    const problem = await this.#map.load();
    world.disposals = this.#map.content.disposals;
    for (const { policy, mutated = {} } of world.disposals.values())
      for (const [rule, kinds] of Object.entries(mutated))
        if (kinds.length > 0) world.searchesDue.set(keyOfRule({ policy, rule }), { policy, rule });
    return problem;
  }

  store(state: PolicyState): void {
    const { world, log, mayWrite } = this.#options;
    if (state.phase !== "compiled" || !mayWrite()) return;
    const { rules } = state.compiled;
    const kinds = rules.flatMap(({ targets }) => targets);
    const stored = this.#map.update((content) =>
      addDisposal(disposalOf(world, state, rules))(addKinds(kinds)(content)),
    );
    stored
      .then((problem) => this.#onStored(state, problem))
      .catch((error) => log.error({ err: error, policy: keyOf(state.ref) }, "what a policy needs could not be stored"));
  }

  /** `isListed`: whether all marked objects of a kind are known. */
  async tidy(isListed: (kind: GroupKind) => boolean): Promise<void> {
    const { world, mayWrite } = this.#options;
    if (!mayWrite() || !this.kinds.every(isListed)) return;
    await this.#map.update((content) => withoutUnused(world, content));
    world.disposals = this.#map.content.disposals;
  }

  #onStored(state: PolicyState, problem: string | undefined): void {
    const { world, log, onStored } = this.#options;
    const key = keyOf(state.ref);
    world.disposals = this.#map.content.disposals;
    const current = world.policyStates.get(key);
    if (current?.object.metadata.generation !== state.object.metadata.generation) return; // a later one stores its own
    if (problem === undefined) this.#problems.delete(key);
    else {
      if (this.#problems.get(key) !== problem)
        log.warn({ policy: key, reason: problem }, "nothing is written for the policy yet");
      this.#problems.set(key, problem);
      setTimeout(() => this.store(state), RETRY).unref();
    }
    onStored(key, problem === undefined);
  }
}

/** Entries that are about nothing any more: no policy, no rule, no marked object. */
function withoutUnused(world: ObservedWorld, { kinds, disposals }: InventoryContent): InventoryContent {
  const records = [...world.inventory.values()];
  const policies = [...world.policyStates.values()];
  const used = new Set(
    [...rulesOf(policies).flatMap(({ targets }) => targets), ...records.map(({ ref }) => ref)].map(groupKindKey),
  );
  const unclear = policies.some(({ phase }) => phase === "invalid"); // it may name any kind
  const claims = records.map(({ claim }) => claim ?? "");
  const left = [...disposals].flatMap(([key, disposal]) => {
    const state = world.policyStates.get(key);
    if (state?.phase === "invalid") return [[key, disposal] as const];
    const served = new Set(state === undefined ? [] : rulesOf([state]).map(({ name }) => name));
    const { policy, mutated = {} } = disposal;
    const isUsed = (name: string): boolean =>
      served.has(name) ||
      claims.some((claim) => claim.startsWith(`${key}\n${name}\n`)) ||
      hasOrphans(world, { policy, rule: name, kinds: mutated[name] ?? [] });
    const rules = Object.entries(disposal.rules).filter(([name]) => isUsed(name));
    const left = Object.entries(mutated)
      .filter(([name]) => isUsed(name))
      .map(([name, kinds]) => [name, kindsLeft(world, { policy, rule: name, kinds })] as const);
    const used = { ...disposal, rules: Object.fromEntries(rules), mutated: Object.fromEntries(left) };
    return rules.length === 0 ? [] : [[key, used] as const];
  });
  return { kinds: unclear ? kinds : kinds.filter((kind) => used.has(groupKindKey(kind))), disposals: new Map(left) };
}

/** Of a rule that is served, those that it changes now, once what it set elsewhere is taken back. */
function kindsLeft(world: ObservedWorld, mutating: MutatingRule): readonly GroupKind[] {
  const rule = findRule(world.policyStates.get(keyOf(mutating.policy)), mutating.rule);
  const key = keyOfRule(mutating);
  const claims = [...world.claims.ofRule(key)].map((claim) => world.claims.get(claim));
  const isLeaving = claims.some((claim) => (claim?.mutations?.leaving.size ?? 0) > 0);
  return rule === undefined || isLeaving || world.searchesDue.has(key) ? mutating.kinds : revertedKinds(rule);
}
