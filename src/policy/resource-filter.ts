/** `resources` of a filter: which objects, by kind, name, namespace, labels and annotations. */

import { z } from "zod";
import { constrained, has, objectRule, stringRule, unsupported } from "./field.ts";
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
  // Accepted and ignored would be worse: what is stored has no subresources, so the rule would never act.
  stringRule({
    code: "UnsupportedField",
    message: "subresources are not served by this version of Perennial: name the object's own kind, such as Pod",
    holds: (selector) => (parseKindSelector(selector)?.subresource ?? "") === "",
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
  operations: unsupported(
    list(
      OPERATIONS,
      4,
      "The operations the rule listens to. With CREATE or UPDATE it holds for whatever is stored; with only UPDATE, DELETE or CONNECT it acts once for each such change.",
    ).optional(),
  ),
});

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

/** Names to compare with. No variables: what a rule matches is known before any object is. */
function pattern(description: string) {
  return constrained(
    text(description),
    stringRule({
      code: "VariableNotAllowed",
      message:
        "match and exclude take no {{ variables }}: write the name or a pattern; for a decision by expression use preconditions",
      holds: (name) => !name.includes("{{"),
    }),
  );
}
