/** Which rules act on changes, once for each, instead of on what is stored; and on which. */

import type { Issue, Match, ResourceFilter } from "../policy/index.ts";
import type { Build } from "./build.ts";
import type { Operation } from "./change.ts";
import type { Selection } from "./match.ts";

export type Listening = {
  /** What match says; without a word about operations those that leave something stored behind. */
  operations: ReadonlySet<Operation>;
  /** False when match leaves creations alone, so that nothing that is stored is meant. */
  meansStates: boolean;
  issues: readonly Issue[];
};

/** `path`: that of match. */
export function listeningOf(match: Match, path: string): Listening {
  const { any, all, resources } = match;
  const lists = (any ?? all ?? [{ resources: resources ?? {} }]).map((filter) => operationsOf(filter.resources));
  const listened =
    all === undefined ? lists.flat() : OPERATIONS.filter((each) => lists.every((list) => list.includes(each)));
  const stating = lists.filter((list) => list.includes("CREATE"));
  const isMixed = all === undefined && stating.length > 0 && stating.length < lists.length;
  return {
    operations: new Set(listened),
    meansStates: listened.includes("CREATE"),
    issues: isMixed ? [{ code: "UnsupportedField", path: `${path}.any`, message: MIXED }] : [],
  };
}

const MIXED =
  "some filters are about what is stored and others about single changes (UPDATE, DELETE), which one rule cannot be: make two rules of it";

/** Where a rule about changes asks who made them, in match or exclude. */
export function whoIssues(selection: Pick<Selection, "asksWho">, path: string): Issue[] {
  return selection.asksWho.map((at) => ({ code: "UnsupportedField", path: `${path}.${at}`, message: WHO_CHANGED }));
}

/** Where its expressions do. */
export function readingIssues({ readsWho }: Pick<Build, "readsWho">): Issue[] {
  return readsWho.map((path) => ({ code: "UnsupportedField", path, message: WHO_CHANGED }));
}

/** Undefined for a rule about what is stored. Issues are noted. */
export function changesOf(listening: Listening, path: string, build: Build): ReadonlySet<Operation> | undefined {
  const { operations, meansStates } = listening;
  if (meansStates && !build.isAboutChanges) return undefined;
  build.issues.push(...readingIssues(build));
  for (const { path: at, holdsFor } of build.operationConditions) {
    if ([...operations].some(holdsFor)) continue;
    const message = `it holds for none of the operations that the rule listens to (${[...operations].join(", ")}): list the one that is meant in ${path}.match, under operations`;
    build.issues.push({ code: "NothingSelected", path: at, message });
  }
  return operations;
}

const WHO_CHANGED =
  "who changed or deleted an object is known only when that is admitted, which is not served by this version of Perennial: leave out who it was";

const OPERATIONS: readonly Operation[] = ["CREATE", "UPDATE", "DELETE"];

/** A rule that says nothing does not listen to DELETE: then a trigger that goes is no change, but no trigger any more. */
function operationsOf({ operations }: ResourceFilter): Operation[] {
  if (operations === undefined) return ["CREATE", "UPDATE"];
  return OPERATIONS.filter((operation) => operations.includes(operation));
}
