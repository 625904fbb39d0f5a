/** match and exclude: `any`, `all` or one flat filter. */

import type { KubernetesObject } from "../object/index.ts";
import type { Exclude, Match } from "../policy/index.ts";
import type { FilterCheck } from "./explanation.ts";
import { compileFilter, type Filter, type Surroundings, type WrittenFilter } from "./filter.ts";
import type { KindMatcher } from "./kind-selector.ts";

export type Selection = {
  /** The kinds whose objects may be selected. */
  kinds: readonly KindMatcher[];
  readsNamespace: boolean;
  /** Where it asks who made the request, such as `match.any[0].subjects`. */
  asksWho: readonly string[];
  /** Where it asks which roles he has. */
  asksRoles: readonly string[];
  /** True when his groups may decide. */
  asksGroups: boolean;
  /** Why the object is not selected; undefined when it is. */
  whyNotSelected(trigger: KubernetesObject, surroundings: Surroundings): string | undefined;
  /** What each filter of match and of exclude says. */
  check(
    trigger: KubernetesObject,
    surroundings: Surroundings,
  ): { match: readonly FilterCheck[]; exclude: readonly FilterCheck[] };
};

export function compileSelection(match: Match, exclude: Exclude | undefined): Selection {
  const matched = compileMatch(match, "match");
  const excluded = exclude === undefined ? undefined : compileMatch(exclude, "exclude");
  const all = [...matched.filters, ...(excluded?.filters ?? [])];
  return {
    kinds: matched.filters.flatMap((filter) => filter.kinds),
    asksGroups: all.some((filter) => filter.asksGroups),
    asksWho: all.flatMap(({ path, asksWho }) => asksWho.map((field) => `${path}.${field}`)),
    asksRoles: all.flatMap(({ path, asksWho }) =>
      asksWho.filter((field) => field !== "subjects").map((field) => `${path}.${field}`),
    ),
    readsNamespace: all.some((filter) => filter.readsNamespace),
    check: (trigger, surroundings) => ({
      match: checkFilters(matched.filters, trigger, surroundings),
      exclude: checkFilters(excluded?.filters ?? [], trigger, surroundings),
    }),
    whyNotSelected(trigger, surroundings) {
      const reason = matched.whyNot(trigger, surroundings);
      if (reason !== undefined) return reason;
      // an empty exclude excludes nothing
      const isExcluded =
        excluded !== undefined && excluded.filters.length > 0 && excluded.whyNot(trigger, surroundings) === undefined;
      return isExcluded ? "exclude names it" : undefined;
    },
  };
}

type PlacedFilter = Filter & { path: string };
type Compiled = { filters: readonly PlacedFilter[]; whyNot: Filter["whyNot"] };

function compileMatch({ any, all, ...flat }: Match | Exclude, path: "match" | "exclude"): Compiled {
  if (any !== undefined) return anyOf(any.flatMap((filter, i) => compileOne(filter, `${path}.any[${i}]`)));
  if (all !== undefined) return allOf(all.flatMap((filter, i) => compileOne(filter, `${path}.all[${i}]`)));
  return allOf(compileOne(flat, path));
}

/** A filter of exclude that says nothing excludes nothing. Where nobody knows who asked, only match overlooks it. */
function compileOne({ resources = {}, ...who }: WrittenFilter, path: string): PlacedFilter[] {
  const filter = compileFilter({ resources, who }, { passesUnknown: path.startsWith("match") });
  return isEmpty(resources) && filter.asksWho.length === 0 ? [] : [{ path, ...filter }];
}

function checkFilters(
  filters: readonly PlacedFilter[],
  trigger: KubernetesObject,
  surroundings: Surroundings,
): FilterCheck[] {
  return filters.map(({ path, checkParts }) => ({ path, parts: checkParts(trigger, surroundings) }));
}

function anyOf(filters: readonly PlacedFilter[]): Compiled {
  return {
    filters,
    whyNot(trigger, surroundings) {
      const reasons: string[] = [];
      for (const filter of filters) {
        const reason = filter.whyNot(trigger, surroundings);
        if (reason === undefined) return undefined;
        reasons.push(reason);
      }
      return reasons.join("; ");
    },
  };
}

function allOf(filters: readonly PlacedFilter[]): Compiled {
  return {
    filters,
    whyNot(trigger, surroundings) {
      for (const filter of filters) {
        const reason = filter.whyNot(trigger, surroundings);
        if (reason !== undefined) return reason;
      }
      return undefined;
    },
  };
}

function isEmpty(value: object): boolean {
  return Object.keys(value).length === 0;
}
