/**
 * Keeps certificates and webhook configurations as they should be. Called again and again: it compares what is known, and sends
 * something only where there is a difference. Each write carries a precondition or can be repeated.
 */

import { type ClusterClient, printFailure, sendForObject } from "../cluster/index.ts";
import { asJson, KEY_SECRET, type KubernetesObject, objectPath, type Resource } from "../object/index.ts";
import type { Log } from "../telemetry/index.ts";
import {
  afterStep,
  type ConfigurationOptions,
  isAsDerived,
  type Kept,
  nextStep,
  policyConfiguration,
  type Reach,
  type RotationStep,
  type Serving,
} from "../webhook/index.ts";
import { printKept, readKept } from "./certificate-secret.ts";
import type { Mutations } from "./mutations.ts";
import type { OneObject } from "./one-object.ts";
import type { Requests } from "./requests.ts";
import { MUTATING, SECRETS, VALIDATING } from "./resources.ts";
import type { Users } from "./users.ts";

export type TenderOptions = {
  /** Writes only while the Lease is held. */
  client: ClusterClient;
  namespace: string;
  installation: string;
  kyverno: boolean;
  reach: Reach;
  /** Milliseconds. */
  certificateLifetime: number;
  secret: OneObject;
  validating: OneObject;
  mutating: OneObject;
  mutations: Mutations;
  users: Users;
  requests: Requests;
  /** True while this process leads, and the installation key is there. */
  mayWrite(): boolean;
  namespaceUid(): string | undefined;
  /** Undefined while it is not known. */
  pathSecret(): string | undefined;
  /** True where policies of the group are not to be written while nobody can check them. */
  mustAnswer(group: string): boolean;
  serve(serving: Serving): void;
  log: Log;
};

/** Certificates are no business of the manager that keeps the installation key: each leaves the fields of the other alone. */
export const SECRET_MANAGER = "perennial-webhook";

export class Tender {
  readonly #options: TenderOptions;
  #kept: Kept | undefined;
  #served: Serving | undefined;
  /** Of which object the certificates were read last. */
  #read: KubernetesObject | undefined;
  /** The authorities that the API server was told of, and since when. */
  #told: { trusted: string; since: number } | undefined;

  constructor(options: TenderOptions) {
    this.#options = options;
  }

  /** What was kept may be served at once, by every replica. A Secret that is gone is no reason to stop. */
  look(): void {
    const { secret, serve } = this.#options;
    if (!secret.synced || secret.object === undefined || secret.object === this.#read) return;
    this.#read = secret.object;
    this.#kept = readKept(secret.object);
    const { current } = this.#kept;
    if (current === undefined || current.certificate === this.#served?.certificate) return;
    serve(current);
    this.#served = current;
  }

  /** The differences there are now, one after the other. Failures are told, and met again by the next call. */
  async tend(): Promise<void> {
    this.look();
    const { mutations, mayWrite } = this.#options;
    if (this.#kept === undefined) return;
    await mutations.look();
    if (!mayWrite()) return;
    await this.#tendCertificates(this.#kept);
    await this.#tendConfigurations(this.#kept);
  }

  async #tendCertificates(kept: Kept): Promise<void> {
    const { certificateLifetime: lifetime, log } = this.#options;
    const trusted = kept.trusted.join("");
    const toldSince = this.#told?.trusted === trusted ? this.#told.since : undefined;
    const names = namesOf(this.#options.reach);
    const step = nextStep(kept, { now: Date.now(), lifetime, names, toldSince });
    if (step === undefined) return;
    const { makeServing } = await import("./certificates.ts"); // 1 MB, and needed every two months
    const made = await makeServing({ names, now: Date.now(), lifetime });
    if (await this.#store(afterStep(kept, step, made))) log.info(SAID[step]);
  }

  async #store(kept: Kept): Promise<boolean> {
    const { client, namespace, secret, log } = this.#options;
    const resourceVersion = secret.object?.metadata.resourceVersion ?? "";
    const answer = await sendForObject(client, {
      method: "PATCH",
      path: objectPath(SECRETS, { group: "", kind: "Secret", namespace, name: KEY_SECRET }),
      query: { fieldManager: SECRET_MANAGER, force: "true" },
      contentType: "application/apply-patch+yaml",
      body: {
        apiVersion: "v1",
        kind: "Secret",
        metadata: { name: KEY_SECRET, resourceVersion },
        data: printKept(kept),
      },
    });
    if (!answer.ok) {
      log.warn({ reason: printFailure(answer.failure) }, "cannot write the certificates; trying again");
      return false;
    }
    secret.object = answer.object;
    this.look();
    return true;
  }

  /** Certificates go on only when both configurations carry what is trusted. */
  async #tendConfigurations({ current, trusted: authorities }: Kept): Promise<void> {
    const { validating, mutating, mutations, requests, installation, reach, kyverno, mustAnswer } = this.#options;
    const secret = this.#options.pathSecret();
    if (!validating.synced || !mutating.synced || current === undefined || secret === undefined) return;
    const trusted = authorities.join("");
    const options = { installation, reach, kyverno, mustAnswer, caBundle: trusted, owner: this.#owner(), secret };
    const derived = mutations.derive(options);
    const besides = requests.derive(options);
    const isTold = [
      await this.#keepChecks(options, besides),
      derived === "unknown" || (await this.#keep(MUTATING, derived?.object, mutating)),
    ];
    if (!isTold.every((told) => told)) this.#told = undefined;
    else if (this.#told?.trusted !== trusted) this.#told = { trusted, since: Date.now() };
    if (derived !== "unknown") await mutations.probe(isTold[1] === true ? derived : undefined);
    if (besides !== "unknown") await requests.probe(isTold[0] === true ? besides : undefined);
  }

  /** As long as nobody knows what else is to be asked about, what was told before stays. */
  async #keepChecks(options: ConfigurationOptions, besides: ReturnType<Requests["derive"]>): Promise<boolean> {
    const { validating, users } = this.#options;
    if (besides === "unknown" && validating.object !== undefined) return false;
    const further = besides === "unknown" ? [] : (besides?.webhooks ?? []);
    return this.#keep(VALIDATING, policyConfiguration(options, [...users.entries(options), ...further]), validating);
  }

  /** True when it is stored as derived; else something is sent. Undefined: there should be none. */
  async #keep(resource: Resource, derived: KubernetesObject | undefined, known: OneObject): Promise<boolean> {
    if (derived === undefined) {
      if (known.object !== undefined) await this.#remove(resource, known);
      return known.object === undefined;
    }
    if (isAsDerived(known.object, derived)) return true;
    await this.#apply(resource, derived, known);
    return false;
  }

  async #remove(resource: Resource, known: OneObject): Promise<void> {
    const { client, installation, log } = this.#options;
    const ref = { group: resource.group, kind: resource.kind, namespace: "", name: installation };
    const answer = await client.send({ method: "DELETE", path: objectPath(resource, ref) });
    if (answer.ok || answer.failure.status === 404) known.object = undefined;
    else log.warn({ reason: printFailure(answer.failure) }, `cannot delete the ${resource.kind}; trying again`);
  }

  async #apply(resource: Resource, derived: KubernetesObject, known: OneObject): Promise<void> {
    const { client, log } = this.#options;
    const { group, kind } = resource;
    const answer = await sendForObject(client, {
      method: "PATCH",
      path: objectPath(resource, { group, kind, namespace: "", name: derived.metadata.name }),
      query: { fieldManager: "perennial", force: "true" },
      contentType: "application/apply-patch+yaml",
      body: asJson(derived),
    });
    if (answer.ok) known.object = answer.object;
    else log.warn({ reason: printFailure(answer.failure) }, `cannot write the ${kind}; trying again`);
  }

  #owner(): { name: string; uid: string } | undefined {
    const uid = this.#options.namespaceUid();
    return uid === undefined ? undefined : { name: this.#options.namespace, uid };
  }
}

const SAID: { [step in RotationStep]: string } = {
  makeFirst: "a serving certificate for the webhook was made",
  makeNext: "the next serving certificate for the webhook was made: it is served when the API server trusts it",
  serveNext: "the next serving certificate for the webhook is served",
};

/** What has to stand in the certificate. */
export function namesOf(reach: Reach): string[] {
  if ("url" in reach) return [new URL(reach.url).hostname.replace(/^\[|\]$/g, "")];
  return [`${reach.service.name}.${reach.service.namespace}.svc`];
}
