/** Of a rule that acts on requests: which roles whoever made one has, which takes more than the request. */

import type { Build } from "./build.ts";
import type { Change } from "./change.ts";
import { needsToReadRoles, ROLE_READS, withHeldRoles } from "./held-roles.ts";
import type { Selection } from "./match.ts";
import type { Need } from "./need.ts";
import type { Read, Snapshot } from "./rule.ts";

export type AskedRoles = {
  reads: readonly Read[];
  needs: readonly Need[];
  /** The change with the roles, where expressions read them. */
  tellIn(change: Change | undefined, snapshot: Snapshot): Change | undefined;
};

/** Of a rule that no request tells who it was. */
export const NO_ROLES: AskedRoles = { reads: [], needs: [], tellIn: (change) => change };

/** `path`: of the rule. */
export function askedRoles(selection: Pick<Selection, "asksRoles">, build: Build, path: string): AskedRoles {
  const asking = [...selection.asksRoles.map((at) => `${path}.${at}`), ...build.readsRoles];
  return {
    reads: asking.length === 0 ? [] : ROLE_READS,
    needs: asking.flatMap(needsToReadRoles),
    tellIn: (change, snapshot) =>
      change?.request === undefined || build.readsRoles.length === 0
        ? change
        : { ...change, request: withHeldRoles(change.request, snapshot) },
  };
}
