/** Which objects of a resource a list or watch shows. */

import { type Resource, resourceKey } from "../object/index.ts";

/** `name`: that one object alone, so that a role with `resourceNames` is enough. */
export type Selection = { resource: Resource; namespace?: string; name?: string; labelSelector?: string };

/** Equal exactly when the selections are. */
export function selectionKey({ resource, namespace = "", name = "", labelSelector = "" }: Selection): string {
  return [resourceKey(resource), namespace, name, labelSelector].join("\n");
}

/** The selections that show all that this one shows, and more; the narrowest first. */
export function widerSelections({ resource, namespace, name, labelSelector }: Selection): Selection[] {
  const isNarrow = namespace !== undefined || name !== undefined || labelSelector !== undefined;
  const isOneOfMany = namespace !== undefined && (name !== undefined || labelSelector !== undefined);
  return [...(isOneOfMany ? [{ resource, namespace }] : []), ...(isNarrow ? [{ resource }] : [])];
}

/** True when objects of every namespace are shown, all of them or those that a label selects. */
export function isClusterWide({ namespace, name }: Selection): boolean {
  return namespace === undefined && name === undefined;
}
