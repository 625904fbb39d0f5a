/** Asks the API server about match conditions of policies, each once; what it refuses is never told to it for good. */

import { type ClusterClient, sendForObject } from "../cluster/index.ts";
import { asJson, MANAGER, objectPath, printJson } from "../object/index.ts";
import type { AdmissionSettings, CompiledPolicy } from "../rule/index.ts";
import { conditionCheck, explainConditions } from "../webhook/index.ts";
import type { Probe } from "./probe.ts";
import { MUTATING } from "./resources.ts";

export type ConditionsOptions = { client: ClusterClient; installation: string; probe: Probe };

type Written = AdmissionSettings["matchConditions"];

/** Answers that are remembered. */
const MOST = 1_000;

export class Conditions {
  readonly #options: ConditionsOptions;
  /** Why they are refused; undefined where they are not. */
  readonly #answers = new Map<string, string | undefined>();

  constructor(options: ConditionsOptions) {
    this.#options = options;
  }

  /** Why the API server refuses them; undefined where it does not, `unknown` while it does not say. */
  async whyRefused(conditions: Written): Promise<{ refused: string } | "unknown" | undefined> {
    if (conditions.length === 0) return undefined;
    const key = printJson(conditions.map(({ name, expression }) => [name, expression]));
    if (!this.#answers.has(key) && !(await this.#ask(conditions, key))) return "unknown";
    const refused = this.#answers.get(key);
    return refused === undefined ? undefined : { refused };
  }

  /** Why the conditions of policies are not taken, and of which nobody can say; those of all others are. */
  async sort(policies: readonly CompiledPolicy[]): Promise<{
    refused: Map<CompiledPolicy, string>;
    unknown: Set<CompiledPolicy>;
  }> {
    const [refused, unknown] = [new Map<CompiledPolicy, string>(), new Set<CompiledPolicy>()];
    for (const policy of policies) {
      const why = await this.whyRefused(policy.admission.matchConditions);
      if (why === "unknown") unknown.add(policy);
      else if (why !== undefined) refused.set(policy, why.refused);
    }
    return { refused, unknown };
  }

  /** True when there was an answer. */
  async #ask(conditions: Written, key: string): Promise<boolean> {
    const { client, installation, probe } = this.#options;
    if (probe.ownUser === undefined) return false;
    const { group, kind } = MUTATING;
    const answer = await sendForObject(client, {
      method: "PATCH",
      path: objectPath(MUTATING, { group, kind, namespace: "", name: installation }),
      query: { fieldManager: `${MANAGER}-check`, dryRun: "All", force: "true" },
      contentType: "application/apply-patch+yaml",
      body: asJson(conditionCheck(conditions, { installation, ownUser: probe.ownUser })),
    });
    if (!answer.ok && !REFUSED.has(answer.failure.status)) return false;
    if (this.#answers.size >= MOST) this.#answers.clear();
    this.#answers.set(key, answer.ok ? undefined : explainConditions(answer.failure));
    return true;
  }
}

/** As it says of what can never be. */
const REFUSED: ReadonlySet<number> = new Set([400, 422]);
