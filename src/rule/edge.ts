/** Which rules act on changes, once for each, instead of on what is stored; and on which. */

import type { Issue, Match, ResourceFilter } from "../policy/index.ts";
import type { Build } from "./build.ts";
import type { Operation } from "./change.ts";
import { compileKindSelector } from "./kind-selector.ts";
import type { Selection } from "./match.ts";
import type { CompiledRule } from "./rule.ts";

export type Listening = {
  /** What match says; without a word about operations those that leave something stored behind. */
  operations: ReadonlySet<Operation>;
  /** False when match leaves creations alone, so that nothing that is stored is meant. */
  meansStates: boolean;
  /** True when it names subresources that no watch shows, so that the rule acts on requests while they are admitted. */
  isAsked: boolean;
  issues: readonly Issue[];
};

/** `path`: that of match. `unsaid`: what a rule listens to that does not say it. */
export function listeningOf(
  match: Match,
  path: string,
  unsaid: readonly Operation[] = ["CREATE", "UPDATE", "CONNECT"],
): Listening {
  const { any, all, resources } = match;
  const filters = (any ?? all ?? [{ resources: resources ?? {} }]).map((filter) => filter.resources);
  const lists = filters.map((filter) => operationsOf(filter, unsaid));
  const form = any === undefined ? "all" : "any";
  const listened =
    all === undefined ? lists.flat() : OPERATIONS.filter((each) => lists.every((list) => list.includes(each)));
  const isAsked = filters.some(asksIn);
  return {
    operations: new Set(listened),
    meansStates: listened.includes("CREATE") && !isAsked,
    isAsked,
    issues: [
      ...lists.flatMap(({ length }, i) =>
        length > 0 ? [] : [nothingConnects(resources === undefined ? `${path}.${form}[${i}]` : path)],
      ),
      ...(isMixed({ filters, lists, isAsked, isAny: all === undefined })
        ? [
            {
              code: "UnsupportedField",
              path: resources === undefined ? `${path}.${form}` : path,
              message: MIXED,
            } as const,
          ]
        : []),
    ],
  };
}

type Filters = {
  filters: readonly ResourceFilter[];
  lists: readonly (readonly Operation[])[];
  isAsked: boolean;
  isAny: boolean;
};

/** What is created is stored, unless it is sent to a subresource: then it is a request like any other. */
function isMixed({ filters, lists, isAsked, isAny }: Filters): boolean {
  const isStating = (filter: ResourceFilter, i: number): boolean =>
    lists[i]?.includes("CREATE") === true &&
    (!isAsked || kindsOf(filter).some((kind) => compileKindSelector(kind).subresource === ""));
  const stating = filters.filter(isStating);
  const meant = lists.filter(({ length }) => length > 0);
  return isAsked ? stating.length > 0 : isAny && stating.length > 0 && stating.length < meant.length;
}

const MIXED =
  "some filters are about what is stored and others about single changes (UPDATE, DELETE, requests to subresources), which one rule cannot be: make two rules of it";

function nothingConnects(path: string): Issue {
  return { code: "NothingSelected", path: `${path}.resources.operations`, value: "CONNECT", message: UNCONNECTED };
}

const UNCONNECTED =
  "one connects to a subresource, such as Pod/exec, Pod/portforward or Service/proxy: name it in kinds, or list another operation";

/** True where no watch tells what a rule about changes asks: what was sent to a subresource, or who did it. */
export function actsOnRequests(
  { isAsked }: Listening,
  { changes, selection, build }: { changes: CompiledRule["changes"]; selection: Selection; build: Build },
): boolean {
  return isAsked || (changes !== undefined && selection.asksWho.length + build.readsWho.length > 0);
}

/** Undefined for a rule about what is stored. Issues are noted. */
export function changesOf(listening: Listening, path: string, build: Build): ReadonlySet<Operation> | undefined {
  const { operations, meansStates } = listening;
  if (meansStates && !build.isAboutChanges) return undefined;
  for (const { path: at, holdsFor } of build.operationConditions) {
    if ([...operations].some(holdsFor)) continue;
    const message = `it holds for none of the operations that the rule listens to (${[...operations].join(", ")}): list the one that is meant in ${path}.match, under operations`;
    build.issues.push({ code: "NothingSelected", path: at, message });
  }
  return operations;
}

const OPERATIONS: readonly Operation[] = ["CREATE", "UPDATE", "DELETE", "CONNECT"];

/** A rule that says nothing does not listen to DELETE: then a trigger that goes is no change, but no trigger any more. */
function operationsOf(filter: ResourceFilter, unsaid: readonly Operation[]): Operation[] {
  const isAsked = asksIn(filter);
  const { operations = unsaid } = filter;
  return OPERATIONS.filter((each) => operations.includes(each) && (each !== "CONNECT" || isAsked));
}

function asksIn(filter: ResourceFilter): boolean {
  return kindsOf(filter).some((kind) => compileKindSelector(kind).isAsked);
}

function kindsOf({ kinds = [] }: ResourceFilter): readonly string[] {
  return kinds;
}
