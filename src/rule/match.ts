/** match and exclude: `any`, `all` or one flat filter. */

import type { KubernetesObject } from "../object/index.ts";
import type { Exclude, Match, ResourceFilter } from "../policy/index.ts";
import type { FilterCheck } from "./explanation.ts";
import { compileFilter, type Filter, type Surroundings } from "./filter.ts";
import type { KindMatcher } from "./kind-selector.ts";

export type Selection = {
  /** The kinds whose objects may be selected. */
  kinds: readonly KindMatcher[];
  readsNamespace: boolean;
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
  return {
    kinds: matched.filters.flatMap((filter) => filter.kinds),
    readsNamespace: [...matched.filters, ...(excluded?.filters ?? [])].some((filter) => filter.readsNamespace),
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

function compileMatch({ any, all, resources }: Match | Exclude, path: string): Compiled {
  if (any !== undefined) return anyOf(compileAll(any, `${path}.any`));
  if (all !== undefined) return allOf(compileAll(all, `${path}.all`));
  return allOf(resources === undefined || isEmpty(resources) ? [] : [{ path, ...compileFilter(resources) }]);
}

/** A filter of exclude without resources excludes nothing. */
function compileAll(filters: readonly { resources?: ResourceFilter | undefined }[], path: string): PlacedFilter[] {
  return filters.flatMap(({ resources }, i) =>
    resources === undefined || isEmpty(resources) ? [] : [{ path: `${path}[${i}]`, ...compileFilter(resources) }],
  );
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
