/** What is wrong with how a scene came out; nothing, when it is as its row says. */

import type { PolicyStatus } from "../../src/policy/index.ts";
import { isSuccess } from "./api.ts";
import { isSameContent, valueAt } from "./fresh.ts";
import type { End, Played } from "./play.ts";
import type { Outcome } from "./scenario.ts";
import { isAttempt, isWrite } from "./write-log.ts";

const MARKS = ["perennial.dev/claim", "perennial.dev/target"];

/** The reference's probe needed at most five requests before it gave up. */
const ATTEMPTS = 5;

export function problemsOf(played: Played): string[] {
  const { scene, trouble, ends } = played;
  const { scenario } = scene.row;
  const [atRest, anew] = ends;
  if (atRest === undefined || anew === undefined) return [...trouble, "it was not played to the end"];
  const isMetDown = scenario.met === "down";
  return [
    ...trouble,
    ...actProblems(played),
    ...(isMetDown ? [] : outcomeProblems(played, scenario.outcome, atRest)),
    ...(isMetDown ? outcomeProblems(played, scenario.outcome, anew) : laterProblems(played, anew)),
    ...(isMetDown && anew.dryRuns.length === 0 ? ["no deep check was made"] : []),
  ];
}

/** Is the scenario one? What was to be done was done, and it made the difference that is to be put right. */
function actProblems({ scene, answers, left, ends }: Played): string[] {
  const { outcome, act, ownershipOnly, keeps = [] } = scene.row.scenario;
  const taken = answers.filter(isSuccess).length;
  if (outcome.is === "refused") return act !== undefined && taken > 0 ? ["the server took what it was to refuse"] : [];
  if (taken < answers.length) return [`the act was refused: ${answers.map(({ status }) => status).join(", ")}`];
  if (act === undefined || left === undefined) return [];
  const fresh = ends[0]?.fresh;
  const differs = fresh !== undefined && !isSameContent(left, fresh, scene.place, keeps);
  const shouldDiffer = outcome.is === "notAccepted" || (outcome.is === "repaired" && ownershipOnly !== true);
  const changesPolicy = scene.row.scenario.change !== undefined;
  if (changesPolicy || differs === shouldDiffer) return [];
  return [shouldDiffer ? "the act made no difference" : "the act made a difference"];
}

function outcomeProblems(played: Played, outcome: Outcome, end: End): string[] {
  switch (outcome.is) {
    case "repaired":
      return [...inSyncProblems(played, end), ...writeProblems(end, outcome.writes), ...idleProblems(played, end)];
    case "inSync":
      return [...inSyncProblems(played, end), ...writeProblems(end, 0)];
    case "refused": {
      const isOurs = played.scene.row.scenario.act === undefined;
      return isOurs ? neverMadeProblems(end) : [...inSyncProblems(played, end), ...writeProblems(end, 0)];
    }
    case "notAccepted":
      return notAcceptedProblems(outcome.path, end);
  }
}

function laterProblems(played: Played, end: End): string[] {
  return laterOutcomeProblems(played, end).map((problem) => `started anew: ${problem}`);
}

/**
 * When the operator starts anew, it finds all as it left it, and writes nothing. A change of ownership alone is nothing
 * to an operator that runs: it may be put right now, if it was not before.
 */
function laterOutcomeProblems(played: Played, end: End): string[] {
  const { outcome, act, ownershipOnly } = played.scene.row.scenario;
  const isHopeless = outcome.is === "notAccepted" || (outcome.is === "refused" && act === undefined);
  if (isHopeless) return outcomeProblems(played, outcome, end);
  const isLeftToDo = outcome.is === "repaired" && ownershipOnly === true && !played.ends[0]?.requests.some(isWrite);
  return [...inSyncProblems(played, end), ...writeProblems(end, isLeftToDo ? outcome.writes : 0)];
}

/** What differed and is as it should be was written by the operator, or the test counts wrong. */
function idleProblems({ scene }: Played, { requests }: End): string[] {
  if (scene.row.scenario.ownershipOnly === true || requests.some(isWrite)) return [];
  return ["it is told to be repaired, but nothing was written"];
}

function inSyncProblems({ scene, left }: Played, { live, fresh, status }: End): string[] {
  const { keeps = [] } = scene.row.scenario;
  if (live === undefined) return ["the target is not there"];
  const labels = live.metadata.labels ?? {};
  const lost = keeps.filter((pointer) => left !== undefined && !isKept(valueAt(left, pointer), valueAt(live, pointer)));
  return [
    ...(fresh === undefined || !isSameContent(live, fresh, scene.place, keeps)
      ? ["its content is not that of a fresh object"]
      : []),
    ...(labels["app.kubernetes.io/managed-by"] === "perennial" ? [] : ["its label managed-by is not ours"]),
    ...MARKS.filter((mark) => labels[mark] === undefined).map((mark) => `it lacks the mark ${mark}`),
    ...lost.map((pointer) => `${pointer} was undone`),
    ...(status.summary?.ratio === "1/1" ? [] : [`the status says ${status.summary?.ratio ?? "nothing"} in sync`]),
    ...failuresOf(status).map((failure) => `the status tells a failure: ${failure}`),
  ];
}

function isKept(left: unknown, live: unknown): boolean {
  return left !== undefined && JSON.stringify(left) === JSON.stringify(live);
}

function writeProblems({ requests, rested }: End, atMost: number): string[] {
  const writes = requests.filter(isAttempt).length;
  return [
    ...(writes > atMost ? [`${writes} writes, where ${atMost} are enough`] : []),
    ...(rested || writes <= atMost ? [] : ["the operator does not come to rest"]),
  ];
}

function neverMadeProblems({ live, status, requests }: End): string[] {
  return [
    ...(requests.some(isWrite) ? ["the server took what it was to refuse"] : []),
    ...(live === undefined ? [] : ["the server was to refuse it, but it is there"]),
    ...(failuresOf(status).length > 0 ? [] : ["the status tells no failure"]),
  ];
}

function notAcceptedProblems(path: string, { requests, status }: End): string[] {
  const told = status.failures ?? [];
  const isTold = told.some(
    ({ reason, message }) => (reason === "NotAccepted" || reason === "ImmutableField") && message.includes(path),
  );
  const attempts = requests.filter(isAttempt).length;
  return [
    ...(isTold ? [] : [`the status does not tell NotAccepted or ImmutableField with ${path}: ${failuresOf(status)}`]),
    ...(attempts > ATTEMPTS ? [`${attempts} requests for what cannot be put right`] : []),
    ...(requests.filter(isWrite).length > 1 ? ["what cannot be put right was written more than once"] : []),
  ];
}

function failuresOf(status: PolicyStatus): string[] {
  return (status.failures ?? []).map(({ reason, message }) => `${reason}: ${message}`);
}
