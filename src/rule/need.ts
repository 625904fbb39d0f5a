/** What a policy has the operator do, as permissions: who writes the policy has to have them himself. */

/** Objects of a resource of the API server, or a path of it that is no resource. */
export type Need = ResourceNeed | UrlNeed;

export type ResourceNeed = {
  /** Where in the policy, such as `spec.rules[0].generate`. */
  path: string;
  verbs: readonly string[];
  /** `*`: any. */
  group: string;
  /** The plural, with its subresource; `*`: any. */
  resource: string;
  /** "": in all of them; undefined: the resource is in none. */
  namespace?: string | undefined;
  /** Absent: any name. */
  name?: string | undefined;
  /** Who has all of these has the right too; absent: there is no other way. */
  or?: readonly Need[];
  /** Somebody else writes and sees it, while the operator says what: it needs no permission for that itself. */
  byOthers?: true;
};

export type UrlNeed = { path: string; verbs: readonly string[]; url: string };

export function isUrlNeed(need: Need): need is UrlNeed {
  return "url" in need;
}

/** All there is in a namespace; in the whole cluster without one. */
export function everything(path: string, namespace = ""): ResourceNeed {
  return { path, verbs: ["*"], group: "*", resource: "*", namespace };
}
