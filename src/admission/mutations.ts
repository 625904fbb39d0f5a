/** Mutation at admission: who answers under which path, what the API server has to be told, and whether it was. */

import { keyOf, type ObjectKey } from "../object/index.ts";
import type { CompiledPolicy } from "../rule/index.ts";
import {
  type AdmissionRequest,
  ALLOWED,
  type ConfigurationOptions,
  type MutationConfiguration,
  type MutationEntry,
  mutationConfiguration,
  reviewCreatedBy,
} from "../webhook/index.ts";
import { reviewAsking } from "./asking-review.ts";
import type { Conditions } from "./conditions.ts";
import type { OperatorView } from "./operator-view.ts";
import { pathSecret } from "./path-secret.ts";
import type { Probe } from "./probe.ts";
import type { Reviewer, ReviewServerOptions } from "./server.ts";

export type MutationsOptions = {
  probe: Probe;
  conditions: Conditions;
  view: OperatorView;
  namespace: string;
  systemNamespaces: ReadonlySet<string>;
};

type ReviewerAt = ReviewServerOptions["reviewerAt"];

export class Mutations {
  readonly #options: MutationsOptions;
  #policies: readonly CompiledPolicy[] = [];
  /** Resources that we may write ourselves. */
  #written: ReadonlySet<string> = new Set();
  /** By the path under which they are asked for. */
  #entries: ReadonlyMap<string, MutationEntry> = new Map();
  #derived: { from: string; configuration: MutationConfiguration | undefined } | undefined;
  /** Paths that were told to the API server, and for which policies: it may ask there for a moment when it is told of others. */
  readonly #once = new Map<string, Pick<MutationEntry, "type"> & { refs: ReadonlySet<ObjectKey> }>();
  /** The policies were looked at when all that it takes was known. */
  #isLooked = false;
  /** It was known of all policies whether the API server takes their conditions. */
  #isSorted = false;
  /** The policies of that configuration. */
  #asked: ReadonlySet<CompiledPolicy> = new Set();

  constructor(options: MutationsOptions) {
    this.#options = options;
  }

  reviewerAt: ReviewerAt = (path) => {
    const entry = this.#entries.get(path) ?? this.#earlier(path);
    if (entry === undefined) return undefined;
    return { webhook: entry.type, review: (request) => this.#review(request, entry) };
  };

  /** The policies as they are now: asked for again and again, by every replica. */
  async look(): Promise<void> {
    await this.#options.probe.askWho();
    const all = this.#options.view.mutating();
    if (all === undefined) return;
    const { refused, unknown } = await this.#options.conditions.sort(all);
    this.#options.view.noteRefused(refused);
    if (unknown.size > 0 && !this.#isSorted) return; // what an earlier process told stays
    this.#isSorted = true;
    const policies = all
      .filter((policy) => !refused.has(policy))
      .flatMap((p) => (unknown.has(p) ? this.#before(p) : p));
    const isSame = policies.length === this.#policies.length && policies.every((one, i) => one === this.#policies[i]);
    const written = this.#options.view.written();
    if (isSame && this.#isLooked && written.symmetricDifference(this.#written).size === 0) return;
    this.#policies = policies;
    this.#written = written;
    this.#derived = undefined;
    const known = this.derive(UNREACHED);
    this.#isLooked = known !== "unknown";
    if (known === "unknown") return;
    this.#entries = new Map((known?.entries ?? []).map((entry) => [entry.path, entry]));
    for (const [path, entry] of this.#entries) this.#remember(path, entry);
  }

  /** As it was when it was looked at last; new ones wait. */
  #before({ ref }: CompiledPolicy): CompiledPolicy[] {
    return this.#policies.filter((before) => keyOf(before.ref) === keyOf(ref));
  }

  /** Of the policies that were asked for there what they are by now. */
  #earlier(path: string): MutationEntry | undefined {
    const known = this.#once.get(path);
    if (known === undefined) return undefined;
    const { type, refs } = known;
    return { type, path, policies: this.#policies.filter(({ ref }) => refs.has(keyOf(ref))) };
  }

  #remember(path: string, { type, policies }: MutationEntry): void {
    this.#once.delete(path);
    this.#once.set(path, { type, refs: new Set(policies.map(({ ref }) => keyOf(ref))) });
    const [oldest] = this.#once.keys();
    if (this.#once.size > MOST_PATHS && oldest !== undefined) this.#once.delete(oldest);
  }

  /** What should be stored; undefined: nothing; `unknown` while something that it takes is not known. */
  derive(options: Omit<ConfigurationOptions, "secret">): MutationConfiguration | undefined | "unknown" {
    const { view, namespace, systemNamespaces, probe } = this.#options;
    const { ownUser } = probe;
    const secret = pathSecret(view);
    const isKnown = this.#isSorted && view.mutating() !== undefined;
    if (secret === undefined || ownUser === undefined || !isKnown) return "unknown";
    const from = JSON.stringify(options);
    if (this.#derived?.from === from) return this.#derived.configuration;
    const configuration = mutationConfiguration({
      ...{ ...options, namespace, policies: this.#policies, ownUser, written: this.#written },
      leftAlone: [...new Set([...systemNamespaces, namespace])],
      secret,
    });
    this.#derived = { from, configuration };
    return configuration;
  }

  /** Asks until a probe came in for what is stored; undefined: what is stored is something else, or nothing. */
  async probe(stored: MutationConfiguration | undefined): Promise<void> {
    const isAsked = stored !== undefined && (await this.#options.probe.isAsked("mutations", stored.probePath));
    // while the API server is told of something else, it asks for what it asked for before
    const known = isAsked ? stored.entries.flatMap((entry) => entry.policies) : [...this.#asked];
    const current = known.filter((policy) => this.#policies.includes(policy));
    const asked = new Set(current.filter((policy) => this.#options.view.isWatched(policy)));
    if (asked.symmetricDifference(this.#asked).size === 0) return;
    this.#asked = asked;
    this.#options.view.noteAsked("mutations", asked);
  }

  /** What we write ourselves stays as it is, whether the API server leaves it out or not. */
  #review(request: AdmissionRequest, { type, policies }: MutationEntry): ReturnType<Reviewer> {
    if (this.#options.probe.isOurs(request)) return ALLOWED;
    const { view } = this.#options;
    const acting = policies.filter((policy) => view.acts(policy));
    const timeout = policies[0]?.admission.timeoutSeconds ?? 1;
    if (type === "mutate") return reviewAsking(request, { view, policies: acting, timeout });
    const installationKey = view.installationKey();
    return installationKey === undefined ? ALLOWED : reviewCreatedBy(request, { installationKey, policies: acting });
  }
}

/** That are remembered. */
const MOST_PATHS = 10_000;

/** Paths do not depend on how we are reached. */
const UNREACHED: Omit<ConfigurationOptions, "secret"> = {
  installation: "",
  reach: { url: "" },
  caBundle: "",
  kyverno: false,
  mustAnswer: () => true,
  owner: undefined,
};
