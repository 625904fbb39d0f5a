/** match and exclude: `any`, `all` or one flat filter. */

import type { KubernetesObject } from "../object/index.ts";
import type { Exclude, Match, ResourceFilter } from "../policy/index.ts";
import { compileFilter, type Filter, type Surroundings } from "./filter.ts";
import type { KindMatcher } from "./kind-selector.ts";

export type Selection = {
  /** The kinds whose objects may be selected. */
  kinds: readonly KindMatcher[];
  readsNamespace: boolean;
  /** Why the object is not selected; undefined when it is. */
  whyNotSelected(trigger: KubernetesObject, surroundings: Surroundings): string | undefined;
};

export function compileSelection(match: Match, exclude: Exclude | undefined): Selection {
  const matched = compileMatch(match);
  const excluded = exclude === undefined ? undefined : compileMatch(exclude);
  return {
    kinds: matched.filters.flatMap((filter) => filter.kinds),
    readsNamespace: [...matched.filters, ...(excluded?.filters ?? [])].some((filter) => filter.readsNamespace),
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

type Compiled = { filters: readonly Filter[]; whyNot: Filter["whyNot"] };

function compileMatch({ any, all, resources }: Match | Exclude): Compiled {
  if (any !== undefined) return anyOf(compileAll(any));
  if (all !== undefined) return allOf(compileAll(all));
  return allOf(resources === undefined || isEmpty(resources) ? [] : [compileFilter(resources)]);
}

/** A filter of exclude without resources excludes nothing. */
function compileAll(filters: readonly { resources?: ResourceFilter | undefined }[]): Filter[] {
  return filters.flatMap(({ resources }) =>
    resources === undefined || isEmpty(resources) ? [] : [compileFilter(resources)],
  );
}

function anyOf(filters: readonly Filter[]): Compiled {
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

function allOf(filters: readonly Filter[]): Compiled {
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
