/** `resources` of a filter: which objects, by kind, name, namespace, labels and annotations. */

import { z } from "zod";
import type { Json } from "../object/index.ts";
import { constrained, has, objectRule, stringRule } from "./field.ts";
import { KIND_SELECTOR, parseKindSelector } from "./kind-selector.ts";
import { annotationPatterns, labelSelector } from "./selector.ts";
import { list, text } from "./value.ts";

const kind = constrained(
  text(
    "[group/version/]Kind[/subresource], such as Namespace, apps/v1/Deployment, apps/*/Deployment or Pod/exec.",
    128,
  ).regex(
    KIND_SELECTOR,
    "a kind is written as in a manifest: Pod (not pods), apps/*/Deployment (not deployments.apps)",
  ),
  stringRule({
    code: "InvalidKind",
    message:
      "this is no kind selector: write [group/version/]Kind[/subresource], such as Pod, apps/*/Deployment (not apps/Deployment) or Pod/exec",
    holds: (selector) => !KIND_SELECTOR.test(selector) || parseKindSelector(selector) !== undefined,
  }),
);

const OPERATIONS = z.enum(["CREATE", "UPDATE", "DELETE", "CONNECT"]).describe("An operation of the API server.");

const parts = z.strictObject({
  kinds: atLeastOne(
    kind,
    "The kinds to look at, as [group/version/]Kind[/subresource] with * and ? as wildcards; a bare kind means any group and version. Required in match.",
  ).optional(),
  name: pattern("The object's name; * and ? are wildcards. Not together with names.").optional(),
  names: atLeastOne(
    pattern("A name; * and ? are wildcards."),
    "The object has one of these names; * and ? are wildcards. Not together with name.",
  ).optional(),
  namespaces: atLeastOne(
    pattern("The name of a namespace; * and ? are wildcards."),
    "The object lies in one of these namespaces; * and ? are wildcards. Of a Namespace its own name is compared; other cluster-scoped objects fit only *. Not allowed in a Policy, which sees only its own namespace.",
  ).optional(),
  annotations: annotationPatterns().optional(),
  selector: labelSelector("the labels of the object").optional(),
  namespaceSelector: labelSelector(
    "the labels of the namespace that the object lies in (of a Namespace: its own labels)",
  ).optional(),
  operations: list(
    OPERATIONS,
    4,
    "The operations the rule listens to. With CREATE it holds for whatever is stored; with UPDATE or DELETE alone it acts once for each change that is seen. CONNECT is for subresources such as Pod/exec.",
  )
    .min(1)
    .optional(),
});

/** What a watch shows: states, and changes of them. */
export const listensToWhatIsSeen = [
  objectRule({
    code: "UnsupportedField",
    field: "operations",
    cel: "!has(self.operations) || !('CREATE' in self.operations && 'DELETE' in self.operations)",
    message:
      "a rule that listens to DELETE acts when its trigger goes, and one that listens to CREATE as long as it is there: make two rules of it",
    holds: ({ operations }) => !isGiven(operations) || !includesAll(operations, ["CREATE", "DELETE"]),
  }),
];

export const leavesStates = objectRule({
  code: "UnsupportedField",
  field: "operations",
  cel: "!has(self.operations) || !('CREATE' in self.operations) || 'UPDATE' in self.operations",
  message:
    "a rule that leaves CREATE alone and not UPDATE is about single changes, not about what is stored; such rules are not served by this version of Perennial: add UPDATE, or remove operations",
  holds: ({ operations }) => !isGiven(operations) || !operations.includes("CREATE") || operations.includes("UPDATE"),
});

/** What is misspelt is told as such, and nothing else is said of it. */
function isGiven(operations: Json | undefined): operations is Json[] {
  return Array.isArray(operations) && operations.length > 0 && OPERATIONS.array().safeParse(operations).success;
}

function includesAll(operations: readonly Json[], wanted: readonly string[]): boolean {
  return wanted.every((operation) => operations.includes(operation));
}

export type ResourceFilter = z.infer<typeof parts>;

/** All parts that are given have to hold; within a list one entry has to. */
export const resourceFilter = constrained(
  parts,
  objectRule({
    code: "ExclusiveFields",
    field: "names",
    cel: "!(has(self.name) && has(self.names))",
    message: "name and names are given together: put the name into names, or remove one of the two",
    holds: (filter) => !(has(filter, "name") && has(filter, "names")),
  }),
  objectRule({
    code: "OutsideNamespace",
    field: "namespaces",
    only: "Policy",
    cel: "!has(self.namespaces)",
    message: "a Policy matches only in its own namespace: remove namespaces, or make this a ClusterPolicy",
    holds: (filter) => !has(filter, "namespaces"),
  }),
);

function atLeastOne<S extends z.ZodType>(item: S, description: string) {
  return list(item, 50, description).min(1);
}

/** Names to compare with. */
export function pattern(description: string) {
  return withoutVariables(text(description));
}

/** What a rule matches is known before any object is. */
export function withoutVariables(schema: z.ZodString) {
  return constrained(
    schema,
    stringRule({
      code: "VariableNotAllowed",
      message:
        "match and exclude take no {{ variables }}: write the name or a pattern; for a decision by expression use preconditions",
      holds: (name) => !name.includes("{{"),
    }),
  );
}
