/** Requests that rules act on: they are allowed at once and handed on; what the API server has to be told, and whether it was. */

import type { CompiledPolicy } from "../rule/index.ts";
import {
  type AdmissionAnswer,
  type AdmissionRequest,
  ALLOWED,
  type ConfigurationOptions,
  type RequestEntries,
  requestEntries,
  requestedChange,
  requestsPath,
} from "../webhook/index.ts";
import type { OperatorView } from "./operator-view.ts";
import { pathSecret } from "./path-secret.ts";
import type { Probe } from "./probe.ts";
import type { ReviewServerOptions } from "./server.ts";

export type RequestsOptions = {
  probe: Probe;
  view: OperatorView;
  namespace: string;
  systemNamespaces: ReadonlySet<string>;
};

type ReviewerAt = ReviewServerOptions["reviewerAt"];

export class Requests {
  readonly #options: RequestsOptions;
  /** Policies for which the API server is known to ask. */
  #asked: ReadonlySet<CompiledPolicy> = new Set();

  constructor(options: RequestsOptions) {
    this.#options = options;
  }

  /** The path stays when rules change: it is answered by the rules of the moment. */
  reviewerAt: ReviewerAt = (path) => {
    const secret = pathSecret(this.#options.view);
    if (secret === undefined || path !== requestsPath(secret)) return undefined;
    return { webhook: "requests", review: (request) => this.#review(request) };
  };

  /** What should be stored beside the checks of policies; undefined: nothing; `unknown` while it is not known. */
  derive(options: ConfigurationOptions): RequestEntries | undefined | "unknown" {
    const { view, namespace, systemNamespaces, probe } = this.#options;
    const policies = view.asking();
    if (policies === undefined || probe.ownUser === undefined) return "unknown";
    const leftAlone = [...new Set([...systemNamespaces, namespace])];
    return requestEntries(policies, { ...options, namespace, leftAlone, ownUser: probe.ownUser });
  }

  /** Asks until a probe came in for what is stored; undefined: what is stored is something else, or nothing. */
  async probe(stored: RequestEntries | undefined): Promise<void> {
    const { probe, view } = this.#options;
    const isAsked = stored !== undefined && (await probe.isAsked("requests", stored.probePath));
    // while the API server is told of something else, it asks for what it asked for before
    const current = view.asking() ?? [];
    this.#asked = new Set(isAsked ? stored.policies : current.filter((policy) => this.#asked.has(policy)));
    view.noteAsked("requests", this.#asked);
  }

  #review(request: AdmissionRequest): AdmissionAnswer {
    const change = this.#options.probe.isOurs(request) ? undefined : requestedChange(request);
    if (change !== undefined) this.#options.view.noteRequest(change);
    return ALLOWED;
  }
}
