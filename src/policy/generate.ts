/** generate: the object that a rule makes for each of its triggers. */

import { z } from "zod";
import { isJsonObject, type JsonObject } from "../object/index.ts";
import { content } from "./content.ts";
import { context } from "./context.ts";
import { constrained, has, objectRule, unsupported } from "./field.ts";
import { literalApiVersion, literalKind, namespaceName, objectName } from "./names.ts";
import { preconditions } from "./preconditions.ts";
import { labelSelector } from "./selector.ts";
import { expression, list, text } from "./value.ts";

const clone = z
  .strictObject({
    namespace: namespaceName("The namespace of the source; none for cluster-scoped kinds.").optional(),
    name: objectName("The name of the source."),
  })
  .describe(
    "The object is a copy of this one, its source, which has the same kind. The copy is made as soon as the source is there, follows its changes, and goes with it.",
  );

const cloneList = z
  .strictObject({
    namespace: namespaceName("The namespace of the sources; none for cluster-scoped kinds.").optional(),
    kinds: list(
      text("A kind as version/Kind or group/version/Kind, such as v1/Secret."),
      50,
      "The kinds to copy, all of one scope.",
    ).min(1),
    selector: labelSelector("the labels of the sources").optional(),
  })
  .describe("Copies of every matching source, each under its own name.");

const NAME = "The object's name; may hold variables, such as {{request.object.metadata.name}}-quota.";

/** What an object is made of: the same for the rule itself and for each entry of foreach. */
const target = {
  apiVersion: literalApiVersion(
    "The object's API version, written out, such as v1 or networking.k8s.io/v1.",
  ).optional(),
  kind: literalKind("The object's kind, written out, such as NetworkPolicy.").optional(),
  name: objectName(NAME).optional(),
  namespace: namespaceName(
    "The object's namespace: required for namespaced kinds, absent for cluster-scoped ones; may hold variables. In a Policy its own.",
  ).optional(),
  data: content.optional(),
  clone: clone.optional(),
  cloneList: unsupported(cloneList.optional()),
};

const entry = z
  .strictObject({
    list: expression(
      "An expression that gives the list, such as request.object.spec.ports; in the entry, element and elementIndex are what it stands at.",
    ),
    context: context.optional(),
    preconditions: preconditions.optional(),
    ...target,
  })
  .describe("One list, and what is made for each of its elements.");

export const generate = constrained(
  z.strictObject({
    ...target,
    foreach: unsupported(list(entry, 20, "One object for each element of a list.").min(1).optional()),
    synchronize: z
      .boolean()
      .describe(
        "true (what is meant when absent): the object is kept exactly as the rule says, and deleted when the rule no longer wants it. false: it is made once and then left alone.",
      )
      .optional(),
    generateExisting: unsupported(
      z
        .boolean()
        .describe(
          "true (what is meant when absent): also for triggers that were there before the policy. false: only for new ones.",
        )
        .optional(),
    ),
    orphanDownstreamOnPolicyDelete: z
      .boolean()
      .describe(
        "true: the objects stay when the policy or the rule is deleted. false (what is meant when absent): they are deleted with it.",
      )
      .optional(),
  }),
  objectRule({
    code: "MissingField",
    field: "data",
    cel: "has(self.data) || has(self.clone) || has(self.cloneList) || has(self.foreach)",
    message:
      "generate does not say what the object is made of: give data, with the object's content, or clone, with the object to copy",
    holds: (value) => contentsOf(value) > 0,
  }),
  objectRule({
    code: "ExclusiveFields",
    cel: "[has(self.data), has(self.clone), has(self.cloneList), has(self.foreach)].filter(given, given).size() <= 1",
    message:
      "generate has several of data, clone, cloneList and foreach, but the content can have only one origin: keep one of them",
    holds: (value) => contentsOf(value) <= 1,
  }),
  objectRule({
    code: "InvalidValue",
    field: "clone",
    cel: "!has(self.clone) || !has(self.name) || self.clone.name != self.name || has(self.clone.__namespace__) != has(self.__namespace__) || (has(self.clone.__namespace__) && self.clone.__namespace__ != self.__namespace__)",
    message:
      "the source is the object itself, which cannot be its own copy: name another source, or give the copy another name or namespace",
    holds: ({ clone: source, name, namespace }) =>
      !isJsonObject(source) || source.name !== name || source.namespace !== namespace,
  }),
  needs("apiVersion", "such as v1 or networking.k8s.io/v1"),
  needs("kind", "such as NetworkPolicy"),
  needs("name", "which may hold variables, such as {{request.object.metadata.name}}-quota"),
).describe("The object that is made for each trigger, and kept as it is described here.");

export type Generate = z.infer<typeof generate>;

function contentsOf(value: JsonObject): number {
  return ["data", "clone", "cloneList", "foreach"].filter((field) => has(value, field)).length;
}

/** Copies of a list keep their kinds and names, and entries of foreach have their own. */
function needs(field: "apiVersion" | "kind" | "name", example: string) {
  return objectRule({
    code: "MissingField",
    field,
    cel: `has(self.${field}) || has(self.cloneList) || has(self.foreach)`,
    message: `generate needs the object's ${field}, ${example}`,
    holds: (value) => has(value, field) || has(value, "cloneList") || has(value, "foreach"),
  });
}
