/** Puts one question to the API server. Nothing is stored by it. */

import {
  type ApiFailure,
  type ClusterClient,
  dryCreateObject,
  readObject,
  type WriteAnswer,
} from "../cluster/index.ts";
import type { KubernetesObject } from "../object/index.ts";
import type { QuestionStep } from "../plan/index.ts";

export type Reply =
  | { type: "answered"; object: KubernetesObject }
  /** The server will not say, and asking again would not help: a quota, a webhook, a permission, a kind bound to its names. */
  | { type: "refused"; failure: ApiFailure }
  | { type: "gone" }
  /** No answer now; ask again later. */
  | { type: "failed"; failure: ApiFailure };

/** Never throws. */
export async function askStep(client: ClusterClient, step: QuestionStep): Promise<Reply> {
  if (step.verb === "ask") return replyOf(await dryCreateObject(client, step.resource, step.object));
  const answer = await readObject(client, step.resource, step.target);
  return !answer.ok && answer.failure.status === 404 ? { type: "gone" } : replyOf(answer);
}

const LATER = new Set([0, 429, 503, 504]);

function replyOf(answer: WriteAnswer): Reply {
  if (answer.ok) return { type: "answered", object: answer.object };
  return { type: LATER.has(answer.failure.status) ? "failed" : "refused", failure: answer.failure };
}
