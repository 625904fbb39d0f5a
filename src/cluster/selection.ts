/** Which objects of a resource a list or watch shows. */

import { type Resource, resourceKey } from "../object/index.ts";

/**
 * `name`: that one object alone, so that a role with `resourceNames` is enough. `metadataOnly`: no more of the objects than
 * apiVersion, kind and metadata leaves the API server.
 */
export type Selection = {
  resource: Resource;
  namespace?: string;
  name?: string;
  labelSelector?: string;
  metadataOnly?: true;
};

/** Equal exactly when the selections are. */
export function selectionKey(selection: Selection): string {
  const { resource, namespace = "", name = "", labelSelector = "", metadataOnly } = selection;
  return [resourceKey(resource), namespace, name, labelSelector, metadataOnly ? "metadata" : ""].join("\n");
}

/** The selections that show all that this one shows, and more; the narrowest first. */
export function widerSelections(selection: Selection): Selection[] {
  const { resource, namespace, name, labelSelector } = selection;
  const isNarrow = namespace !== undefined || name !== undefined || labelSelector !== undefined;
  const isOneOfMany = namespace !== undefined && (name !== undefined || labelSelector !== undefined);
  return [
    ...(selection.metadataOnly ? [wholeOf(selection)] : []),
    ...(isOneOfMany ? [{ resource, namespace }] : []),
    ...(isNarrow ? [{ resource }] : []),
  ];
}

function wholeOf({ metadataOnly: _metadataOnly, ...whole }: Selection): Selection {
  return whole;
}

/** True when objects of every namespace are shown, all of them or those that a label selects. */
export function isClusterWide({ namespace, name }: Selection): boolean {
  return namespace === undefined && name === undefined;
}
