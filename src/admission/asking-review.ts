/** The review of an object for which rules may have to ask somebody first: again and again, as long as the API server waits. */

import type { Call, CallResult, CompiledPolicy } from "../rule/index.ts";
import { type AdmissionAnswer, type AdmissionRequest, type OpenReview, reviewMutation } from "../webhook/index.ts";
import type { OperatorView } from "./operator-view.ts";

export type AskingOptions = {
  view: Pick<OperatorView, "snapshot" | "namespaceLabels" | "calls">;
  policies: readonly CompiledPolicy[];
  /** How long the API server waits, in seconds. */
  timeout: number;
};

/** What is asked may depend on what was answered before. */
const MOST_ROUNDS = 32;

/** At once where nothing has to be asked. */
export function reviewAsking(
  request: AdmissionRequest,
  { view, policies, timeout }: AskingOptions,
): AdmissionAnswer | Promise<AdmissionAnswer> {
  const deadline = performance.now() + patienceOf(timeout);
  const known = new Map<string, CallResult>();
  const isDry = request.fields.dryRun === true;
  const resultOf = (call: Call): CallResult | undefined => {
    if (isDry && isSent(call)) return NOT_SENT;
    const result = known.get(call.key) ?? view.calls.recent(call);
    if (result !== undefined) known.set(call.key, result); // however long the review takes
    return result;
  };
  const review = (results: typeof resultOf) =>
    reviewMutation(request, {
      ...{ ...view, policies, elapsed: stopwatch() },
      snapshot: () => view.snapshot({ resultOf: results }),
    });

  const askOn = async (first: OpenReview): Promise<AdmissionAnswer> => {
    let { open } = first;
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const patience = deadline - performance.now();
      if (patience <= 0) break;
      for (const [key, result] of await view.calls.ask(open, patience)) known.set(key, result);
      const next = review(resultOf);
      if (!("open" in next)) return next;
      open = next.open;
    }
    const last = review((call) => resultOf(call) ?? UNASKED);
    if ("open" in last) throw new Error("a call has no answer, and was given one");
    return last;
  };

  const first = review(resultOf);
  return "open" in first ? askOn(first) : first;
}

function stopwatch(): () => number {
  const start = performance.now();
  return () => performance.now() - start;
}

/** Some of the time is for what is done besides waiting. Milliseconds. */
function patienceOf(timeout: number): number {
  return timeout * 1_000 - Math.min(1_000, timeout * 200);
}

/** To somebody of whom nobody knows what he does with it; what is posted to the API server is stored nowhere. */
function isSent({ method, service }: Call): boolean {
  return method === "POST" && service !== undefined;
}

const NOT_SENT: CallResult = {
  ok: false,
  message: "in a dry run nothing is sent to a service; give a default to have one answered",
};
const UNASKED: CallResult = { ok: false, message: "there was no time left to ask" };
