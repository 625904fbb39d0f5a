/**
 * After a start: what rules that take back had set on objects that nobody watches, as their targets are written out and were others
 * when the rule was edited, or its trigger went, while nobody was looking. Each kind is listed once, for nothing but metadata.
 */

import { type ClusterClient, listPage, printFailure } from "../cluster/index.ts";
import {
  appliedThrough,
  groupKindKey,
  type KubernetesObject,
  keyOf,
  type Resource,
  refOf,
  resourceName,
} from "../object/index.ts";
import { mutationManager } from "../rule/index.ts";
import { type ClaimKey, findRule } from "../state/index.ts";
import type { Log } from "../telemetry/index.ts";
import type { ObservedWorld } from "./observed-world.ts";
import { isWantedByRule, keyOfRule, leave, type MutatingRule, servedRules } from "./orphaned-mutations.ts";
import type { KeyedQueue } from "./queue.ts";

export type MutationSearchOptions = {
  client: ClusterClient;
  world: ObservedWorld;
  queue: KeyedQueue<ClaimKey>;
  log: Log;
  leads(): boolean;
};

export class MutationSearch {
  readonly #options: MutationSearchOptions;
  #isRunning = false;

  constructor(options: MutationSearchOptions) {
    this.#options = options;
  }

  /** Rules were planned, or time has passed. Of rules whose claims were not all planned nobody can say what they want. */
  wake(): void {
    const { world, log, leads } = this.#options;
    if (this.#isRunning || world.searchesDue.size === 0 || !world.policiesSynced || !leads()) return;
    forgetOthers(world);
    const rules = servedRules(world).filter((rule) => world.searchesDue.has(keyOfRule(rule)));
    if (rules.length === 0) return;
    this.#isRunning = true;
    this.#search(rules)
      .catch((error) => log.error({ err: error }, "what rules had set could not be looked for"))
      .finally(() => {
        this.#isRunning = false;
      });
  }

  async #search(rules: readonly MutatingRule[]): Promise<void> {
    const { world } = this.#options;
    const kinds = new Map(rules.flatMap((rule) => rule.kinds.map((kind) => [groupKindKey(kind), kind] as const)));
    const unknown = new Set<string>();
    for (const [key, kind] of kinds) {
      const resource = world.catalogue.findKind(kind);
      if (resource === undefined || world.objects(resource)?.synced === true) continue;
      const about = rules.filter((rule) => rule.kinds.some((other) => groupKindKey(other) === key));
      if (!(await this.#list(resource, about))) unknown.add(key);
    }
    for (const rule of rules)
      if (!rule.kinds.some((kind) => unknown.has(groupKindKey(kind)))) world.searchesDue.delete(keyOfRule(rule));
  }

  /** False when it has to be tried again. */
  async #list(resource: Resource, rules: readonly MutatingRule[]): Promise<boolean> {
    const { client, log } = this.#options;
    for (let token = ""; ; ) {
      const page = await listPage(client, { resource, metadataOnly: true }, token);
      if (!page.ok) {
        const isForbidden = page.failure.status === 403;
        const words = { resource: resourceName(resource), reason: printFailure(page.failure) };
        log.info(words, "what rules had set before the start, and set no more, cannot be looked for");
        return isForbidden;
      }
      for (const object of page.objects) this.#judge(object, rules);
      token = page.continue;
      if (token === "") return true;
    }
  }

  #judge(object: KubernetesObject, rules: readonly MutatingRule[]): void {
    const { world, queue } = this.#options;
    const ref = refOf(object);
    for (const rule of rules) {
      const isSet = appliedThrough(object, mutationManager(rule.policy, rule.rule)).length > 0;
      if (isSet && !isWantedByRule(world, rule, keyOf(ref))) queue.add(leave(world, rule, ref));
    }
  }
}

/** Rules that are gone are looked for by a watch, and others take nothing back. */
function forgetOthers(world: ObservedWorld): void {
  for (const [key, { policy, rule }] of world.searchesDue) {
    const state = world.policyStates.get(keyOf(policy));
    if (state?.phase !== "invalid" && findRule(state, rule)?.existing?.reverts !== true) world.searchesDue.delete(key);
  }
}
