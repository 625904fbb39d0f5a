/** The order that $setElementOrder asks for: its elements in that order, all others where they stood between them. */

import type { Json } from "./json.ts";

type Before = {
  /** The list before it was patched. */
  before: readonly Json[];
  isSame(left: Json, right: Json): boolean;
};

/** As the API server does: the relative order of the others is kept, and decides where they go as well as it can. */
export function orderElements(list: readonly Json[], order: readonly Json[], { before, isSame }: Before): Json[] {
  const placeIn = (known: readonly Json[], item: Json): number => known.findIndex((one) => isSame(one, item));
  const sortedBy = (known: readonly Json[], items: Json[]): Json[] =>
    items.sort((a, b) => placeIn(known, a) - placeIn(known, b));
  const named = sortedBy(
    order,
    list.filter((item) => placeIn(order, item) >= 0),
  );
  const others = sortedBy(
    before,
    list.filter((item) => placeIn(order, item) < 0),
  );
  const sorted: Json[] = [];
  for (const item of named) {
    const place = placeIn(before, item);
    while (place >= 0 && others[0] !== undefined && isBefore(placeIn(before, others[0]), place))
      sorted.push(...others.splice(0, 1));
    sorted.push(item);
  }
  return [...sorted, ...others];
}

function isBefore(place: number, other: number): boolean {
  return place >= 0 && place < other;
}
