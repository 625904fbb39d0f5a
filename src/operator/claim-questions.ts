/** Puts a plan's questions to the API server and keeps the answers with the target, for the next plan to judge. */

import { askStep, type Refusal } from "../apply/index.ts";
import { type ApiFailure, printFailure } from "../cluster/index.ts";
import { contentOf, keyOf, printRef } from "../object/index.ts";
import type { QuestionStep } from "../plan/index.ts";
import type { ClaimKey } from "../state/index.ts";
import type { ClaimWorkerOptions } from "./claim-options.ts";

/** What keeps the claim from going on; undefined when the next plan can. */
export async function putQuestion(
  { client, world, metrics, deepCheck }: ClaimWorkerOptions,
  claim: ClaimKey,
  step: QuestionStep,
): Promise<Refusal | undefined> {
  const target = keyOf(step.target);
  const answered = world.inventory.expectAnswer(target, claim);
  const reply = await askStep(client, step);
  const meanwhile = answered();
  if (meanwhile.changed.size > 0) world.inventory.startAnew(target); // nothing was written, so it was somebody else
  metrics.questions.inc({ verb: step.verb, outcome: reply.type });
  switch (reply.type) {
    case "answered":
      if (step.verb === "ask") world.inventory.noteAnswer(target, step.desired, contentOf(reply.object));
      else if (!meanwhile.deleted.has(reply.object.metadata.uid ?? ""))
        world.inventory.observe(reply.object, { resource: step.resource, by: "write", now: world.now });
      return undefined;
    case "refused":
      world.inventory.noteAnswer(target, step.desired, undefined); // judged by what is known without it
      return undefined;
    case "gone":
      world.inventory.forget(target);
      return undefined;
    case "failed":
      if (!world.checksDue.delete(target)) return unreachable(step, reply.failure);
      deepCheck.postpone(target); // it is in sync as far as is known, and can wait
      return undefined;
  }
}

function unreachable({ target }: QuestionStep, failure: ApiFailure): Refusal {
  const message = `${printRef(target)}: ${printFailure(failure)}`;
  const { retryAfter } = failure;
  return {
    reason: "Unreachable",
    message,
    target,
    heals: "retry",
    ...(retryAfter === undefined ? {} : { retryAfter }),
  };
}
