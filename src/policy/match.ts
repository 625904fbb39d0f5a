/** match and exclude of a rule: `any` or `all` of several filters, or one filter written flat. */

import { z } from "zod";
import { constrained, has, objectRule } from "./field.ts";
import { leavesStates, listensToWhatIsSeen, pattern, resourceFilter, withoutVariables } from "./resource-filter.ts";
import { list, text } from "./value.ts";

const subject = constrained(
  z.strictObject({
    kind: z.enum(["User", "Group", "ServiceAccount"]).describe("User, Group or ServiceAccount."),
    name: pattern("The subject's name; * and ? are wildcards."),
    namespace: pattern("The namespace of a ServiceAccount; * and ? are wildcards.").optional(),
    apiGroup: text("The subject's API group, as in a RoleBinding; it is not compared.").optional(),
  }),
  objectRule({
    code: "NamespaceRequired",
    field: "namespace",
    message: "a ServiceAccount lies in a namespace: name it, or write * for any",
    holds: (found) => found.kind !== "ServiceAccount" || has(found, "namespace"),
  }),
  objectRule({
    code: "NamespaceForbidden",
    field: "namespace",
    message: "users and groups lie in no namespace: remove it",
    holds: (found) => found.kind === "ServiceAccount" || !has(found, "namespace"),
  }),
).describe("A subject, as in a RoleBinding.");

/** Parts of a filter that ask who made the request. Role names may hold colons, namespaces may not. */
const who = {
  subjects: list(subject, 50, "Who made the request: one of these subjects.").min(1).optional(),
  roles: list(
    withoutVariables(
      text("namespace:name of a Role; it is compared as it is.").regex(
        /^[^:]+:.+$/,
        "a Role is written as namespace:name, such as shop:deployer",
      ),
    ),
    50,
    "Who made the request holds one of these Roles, by a RoleBinding.",
  )
    .min(1)
    .optional(),
  clusterRoles: list(
    pattern("The name of a ClusterRole; it is compared as it is."),
    50,
    "Who made the request holds one of these ClusterRoles, by a ClusterRoleBinding or, in some namespace, by a RoleBinding.",
  )
    .min(1)
    .optional(),
};

const matched = constrained(
  resourceFilter,
  objectRule({
    code: "MissingField",
    field: "kinds",
    cel: "has(self.kinds)",
    message: "match needs kinds: name the kinds that the rule is about, such as [Namespace]",
    holds: (resources) => has(resources, "kinds"),
  }),
  ...listensToWhatIsSeen,
).describe("The objects that are meant. All parts that are given have to hold; kinds is required.");
const excluded = constrained(resourceFilter, leavesStates).describe(
  "The objects that are left out. All parts that are given have to hold.",
);

const matchFilter = z.strictObject({ resources: matched, ...who }).describe("A filter; all of its parts have to hold.");
const excludeFilter = z
  .strictObject({ resources: excluded.optional(), ...who })
  .describe("A filter; all of its parts have to hold. An empty one excludes nothing.");

export const match = constrained(
  z.strictObject({
    any: list(matchFilter, 50, "The rule applies where at least one of these filters holds.").min(1).optional(),
    all: list(matchFilter, 50, "The rule applies where every one of these filters holds.").min(1).optional(),
    resources: matched.optional(),
    ...who,
  }),
  ...oneForm("match"),
  objectRule({
    code: "MissingField",
    cel: "has(self.any) || has(self.all) || has(self.resources)",
    message: "match selects nothing: give any or all with a list of filters, or resources",
    holds: (value) => has(value, "any") || has(value, "all") || has(value, "resources"),
  }),
).describe(
  "The objects the rule is about, its triggers: any or all of several filters, or one filter written flat as resources.",
);

export const exclude = constrained(
  z.strictObject({
    any: list(excludeFilter, 50, "An object is left out when at least one of these filters holds for it.").optional(),
    all: list(excludeFilter, 50, "An object is left out when every one of these filters holds for it.").optional(),
    resources: excluded.optional(),
    ...who,
  }),
  ...oneForm("exclude"),
).describe(
  "What the rule leaves alone although it matches: any or all of several filters, or one filter written flat as resources.",
);

export type Match = z.infer<typeof match>;
export type Exclude = z.infer<typeof exclude>;
export type Filter = z.infer<typeof matchFilter>;
export type ExcludeFilter = z.infer<typeof excludeFilter>;

function oneForm(field: string) {
  return [
    objectRule({
      code: "ExclusiveFields",
      field: "all",
      cel: "!(has(self.any) && has(self.all))",
      message: `${field} has any and all together, and which one should win is unclear: keep one of them`,
      holds: (value) => !(has(value, "any") && has(value, "all")),
    }),
    objectRule({
      code: "ExclusiveFields",
      cel: "!((has(self.any) || has(self.all)) && (has(self.resources) || has(self.subjects) || has(self.roles) || has(self.clusterRoles)))",
      message: `${field} has a filter written flat beside any or all: move it into that list`,
      holds: (value) => !((has(value, "any") || has(value, "all")) && Object.keys(value).some(isFlatPart)),
    }),
  ];
}

function isFlatPart(field: string): boolean {
  return ["resources", "subjects", "roles", "clusterRoles"].includes(field);
}
