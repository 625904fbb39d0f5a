/** Whether the API server asks as it was told: a dry run of our own has it ask under the path of what it was told last. */

import { type ClusterClient, sendForObject } from "../cluster/index.ts";
import { isJsonObject, type Json, MANAGER } from "../object/index.ts";
import { type AdmissionRequest, ALLOWED, PROBED } from "../webhook/index.ts";
import type { ReviewServerOptions } from "./server.ts";

type ReviewerAt = ReviewServerOptions["reviewerAt"];

export class Probe {
  readonly #client: ClusterClient;
  readonly #namespace: string;
  /** As the API server knows us; undefined while it was not asked. */
  ownUser: string | undefined;
  /** What the API server was told last about each thing, and whether a probe came in for it. */
  readonly #told = new Map<string, { path: string; isSeen: boolean }>();

  constructor({ client, namespace }: { client: ClusterClient; namespace: string }) {
    this.#client = client;
    this.#namespace = namespace;
  }

  reviewerAt: ReviewerAt = (path) => {
    if (!path.startsWith("/probe/")) return undefined;
    return { webhook: "probe", review: () => this.#note(path) };
  };

  /** Asks, as long as it is not known. */
  async askWho(): Promise<void> {
    if (this.ownUser !== undefined) return;
    const body = { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" };
    const path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
    const answer = await this.#client.send({ method: "POST", path, body });
    this.ownUser = answer.ok ? usernameIn(answer.body) : undefined;
  }

  /** True for what this process writes itself. */
  isOurs({ fields }: AdmissionRequest): boolean {
    const { userInfo } = fields;
    return isJsonObject(userInfo) && userInfo.username === this.ownUser;
  }

  /** True when a probe came in under the path, the last that was told about something; one is sent until then. */
  async isAsked(about: string, path: string): Promise<boolean> {
    const known = this.#told.get(about);
    const told = known?.path === path ? known : { path, isSeen: false };
    this.#told.set(about, told);
    if (!told.isSeen) await this.#send();
    return told.isSeen;
  }

  #note(path: string): typeof ALLOWED {
    for (const told of this.#told.values()) if (told.path === path) told.isSeen = true;
    return ALLOWED;
  }

  /** An object of our own is applied as it is, in a dry run: nothing comes of it but the question. */
  async #send(): Promise<void> {
    await sendForObject(this.#client, {
      method: "PATCH",
      path: `/api/v1/namespaces/${this.#namespace}/configmaps/${PROBED}`,
      query: { fieldManager: `${MANAGER}-probe`, dryRun: "All", force: "true" },
      contentType: "application/apply-patch+yaml",
      body: { apiVersion: "v1", kind: "ConfigMap", metadata: { name: PROBED } },
    });
  }
}

function usernameIn(review: Json): string | undefined {
  const status = isJsonObject(review) && isJsonObject(review.status) ? review.status : {};
  const username = isJsonObject(status.userInfo) ? status.userInfo.username : undefined;
  return typeof username === "string" ? username : undefined;
}
