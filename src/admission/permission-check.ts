/** Puts the questions about permissions to the API server, some at a time, while somebody waits for the answer. */

import { type AccessQuestion, type ClusterClient, reviewAccess, type Subject } from "../cluster/index.ts";
import type { Need } from "../rule/index.ts";
import { keyOfQuestion, type Lack, lacksIn, openQuestions, type Question } from "../webhook/index.ts";

/** Milliseconds for all of it; the API server waits 5 s for the review. What has no answer then stays unknown. */
const PATIENCE = 3_000;

/** Questions at a time. */
const ABREAST = 8;

/** What of the needs the subject has not; without a subject, what the operator itself has not. */
export async function findLacks(
  client: ClusterClient,
  needs: readonly Need[],
  subject: Subject | undefined,
): Promise<readonly Lack[] | "too many"> {
  const answers = new Map<string, boolean | undefined>();
  const deadline = performance.now() + PATIENCE;
  const ask = async (question: Question): Promise<void> => {
    const timeout = deadline - performance.now();
    const answer = timeout > 0 ? await reviewAccess(client, accessOf(question), { subject, timeout }) : undefined;
    answers.set(keyOfQuestion(question), answer);
  };
  for (;;) {
    const open = openQuestions(needs, answers);
    if (open === "too many") return open;
    if (open.length === 0) return lacksIn(needs, answers);
    await askAbreast(open, ask);
  }
}

async function askAbreast(questions: readonly Question[], ask: (question: Question) => Promise<void>): Promise<void> {
  const left = questions.values();
  const askOn = async (): Promise<void> => {
    for (const question of left) await ask(question);
  };
  await Promise.all(Array.from({ length: ABREAST }, askOn));
}

/** `pods/log` is a resource with its subresource. */
function accessOf(question: Question): AccessQuestion {
  if ("url" in question) return { nonResourceAttributes: { verb: question.verb, path: question.url } };
  const { resource: full, ...rest } = question;
  const slash = full.indexOf("/");
  if (slash < 0) return { resourceAttributes: { ...rest, resource: full } };
  return { resourceAttributes: { ...rest, resource: full.slice(0, slash), subresource: full.slice(slash + 1) } };
}
