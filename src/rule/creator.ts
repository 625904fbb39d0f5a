/** Who created a trigger, for rules about what is stored that ask: as the trigger tells, and as bindings are now. */

import {
  type Creator,
  type JsonObject,
  type KubernetesObject,
  printRef,
  type Resource,
  refOf,
} from "../object/index.ts";
import type { Build } from "./build.ts";
import type { Change } from "./change.ts";
import { type Failed, failed } from "./failed.ts";
import type { Surroundings } from "./filter.ts";
import { needsToReadRoles, ROLE_READS, requesterOf, rolesOf } from "./held-roles.ts";
import type { Selection } from "./match.ts";
import type { Need } from "./need.ts";
import { userOf } from "./requester.ts";
import type { CompiledRule, Read, Snapshot } from "./rule.ts";
import { AT_REST } from "./trigger-bindings.ts";

export type CompiledCreator = {
  /** True when his groups, too, have to be known. */
  readsGroups: boolean;
  readsRoles: boolean;
  find(trigger: KubernetesObject, snapshot: Snapshot): FoundCreator;
};

/** `change`: the creation as it was. `idle`: who created the object is not meant. */
export type FoundCreator = { ok: true; change: Change } | { ok: true; idle: string } | Failed;

/** Of a rule that does not ask. */
export const NOT_ASKED: FoundCreator = { ok: true, change: AT_REST };

/** Undefined for a rule that does not ask. */
export function compileCreator(selection: Selection, build: Build): CompiledCreator | undefined {
  if (selection.asksWho.length === 0 && build.readsWho.length === 0) return undefined;
  const readsGroups = selection.asksGroups || build.readsGroups;
  return {
    readsGroups,
    readsRoles: selection.asksRoles.length > 0 || build.readsRoles.length > 0,
    find(trigger, snapshot) {
      const found = snapshot.creator(trigger);
      if ("unknown" in found) return failed("ContextMissing", `${found.unknown}: ${UNKNOWN}`);
      const { creator } = found;
      if (readsGroups && creator.groups === undefined)
        return failed("ContextMissing", `${printRef(refOf(trigger))} was created by ${creator.username}, ${CUT}`);
      const userInfo = userInfoOf(creator);
      const surroundings = surroundingsOf(userInfo, trigger, snapshot);
      const reason = selection.asksWho.length === 0 ? undefined : selection.whyNotSelected(trigger, surroundings);
      if (reason !== undefined) return { ok: true, idle: reason };
      const { roles, clusterRoles } = build.readsRoles.length === 0 ? NONE : rolesOf(userOf(userInfo), snapshot);
      const told = build.readsRoles.length === 0 ? {} : { roles: [...roles], clusterRoles: [...clusterRoles] };
      return { ok: true, change: { ...AT_REST, createdBy: { userInfo, ...told } } };
    },
  };
}

/** What a rule says of itself, reads and needs because it asks. */
export function asksOf(creator: CompiledCreator | undefined): Pick<CompiledRule, "asksCreator"> {
  return creator === undefined ? {} : { asksCreator: creator.readsGroups ? "groups" : "user" };
}

export function readsOfCreator(creator: CompiledCreator | undefined): readonly Read[] {
  return creator?.readsRoles === true ? ROLE_READS : [];
}

export function needsOfCreator(creator: CompiledCreator | undefined, path: string): Need[] {
  return creator?.readsRoles === true ? needsToReadRoles(path) : [];
}

const UNKNOWN =
  "the rule asks for that, and it is known only of what was created while the operator ran and had such a rule; whoever may do so creates it again";
const CUT = "whose groups, which the rule asks for, are too many to be kept with it";
const NONE = { roles: [], clusterRoles: [] };

function userInfoOf({ username, uid, groups }: Creator): JsonObject {
  return {
    username,
    ...(uid === "" ? {} : { uid }),
    ...(groups === undefined ? {} : { groups: [...groups] }),
  };
}

const NAMESPACES: Resource = {
  ...{ group: "", version: "v1", kind: "Namespace", plural: "namespaces" },
  ...{ namespaced: false, verbs: ["list", "watch"] },
};

function surroundingsOf(userInfo: JsonObject, { metadata }: KubernetesObject, snapshot: Snapshot): Surroundings {
  const ref = { group: "", kind: "Namespace", namespace: "", name: metadata.namespace ?? "" };
  return {
    namespaceLabels: () => snapshot.read(NAMESPACES, ref)?.metadata.labels,
    requester: requesterOf(userOf(userInfo), () => snapshot),
  };
}
