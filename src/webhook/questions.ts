/** The permissions that a policy takes, as questions to the API server about one user, and what the answers come to. */

import { isUrlNeed, type Need } from "../rule/index.ts";

export type Question =
  | { verb: string; group: string; resource: string; namespace: string; name?: string }
  | { verb: string; url: string };

/** By `keyOfQuestion`; undefined: nobody could say. */
export type Answers = ReadonlyMap<string, boolean | undefined>;

/** Of a need, the verbs that are not held; `isUnknown`: nobody could say whether they are. */
export type Lack = { need: Need; verbs: readonly string[]; isUnknown: boolean };

/** More than this is not asked for one policy. */
export const MOST_QUESTIONS = 128;

/** Who may do everything need not be asked about each thing. */
const ALL: Question = { verb: "*", group: "*", resource: "*", namespace: "" };

export function keyOfQuestion(question: Question): string {
  if ("url" in question) return JSON.stringify([question.verb, question.url]);
  const { verb, group, resource, namespace, name = "" } = question;
  return JSON.stringify([verb, group, resource, namespace, name]);
}

/** What is to be asked next, now that some is known; none: all that matters is known. */
export function openQuestions(needs: readonly Need[], answers: Answers): readonly Question[] | "too many" {
  if (!answers.has(keyOfQuestion(ALL))) return [ALL];
  const wanted = needs.filter((need) => !isCovered(need, answers));
  const open = unasked(wanted, answers);
  const next = open.length > 0 ? open : unasked(wanted.flatMap(alternatives(answers)), answers);
  return answers.size + next.length > MOST_QUESTIONS ? "too many" : next;
}

/** In the order of the policy, once no question is open. */
export function lacksIn(needs: readonly Need[], answers: Answers): Lack[] {
  return needs.flatMap((need) => {
    const verbs = lackedVerbs(need, answers);
    if (verbs.length === 0 || isHeldOtherwise(need, answers)) return [];
    const isUnknown = verbs.every((verb) => answers.get(keyOfQuestion(questionOf(need, verb))) === undefined);
    return [{ need, verbs, isUnknown }];
  });
}

function isCovered(need: Need, answers: Answers): boolean {
  return !isUrlNeed(need) && answers.get(keyOfQuestion(ALL)) === true;
}

function unasked(needs: readonly Need[], answers: Answers): Question[] {
  const questions = needs.flatMap((need) => need.verbs.map((verb) => questionOf(need, verb)));
  const byKey = new Map(questions.map((question) => [keyOfQuestion(question), question]));
  return [...byKey].flatMap(([key, question]) => (answers.has(key) ? [] : [question]));
}

function alternatives(answers: Answers): (need: Need) => readonly Need[] {
  return (need) => (lackedVerbs(need, answers).length === 0 || isUrlNeed(need) ? [] : (need.or ?? []));
}

function lackedVerbs(need: Need, answers: Answers): string[] {
  if (isCovered(need, answers)) return [];
  return need.verbs.filter((verb) => answers.get(keyOfQuestion(questionOf(need, verb))) !== true);
}

function isHeldOtherwise(need: Need, answers: Answers): boolean {
  if (isUrlNeed(need) || need.or === undefined) return false;
  return need.or.every((other) => lackedVerbs(other, answers).length === 0);
}

function questionOf(need: Need, verb: string): Question {
  if (isUrlNeed(need)) return { verb, url: need.url };
  const { group, resource, namespace = "", name } = need;
  return { verb, group, resource, namespace, ...(name === undefined ? {} : { name }) };
}
