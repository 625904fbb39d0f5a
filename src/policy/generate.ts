/** generate: the object that a rule makes for each of its triggers. */

import { z } from "zod";
import { isJsonObject, type Json, type JsonObject, type Path, valueAt } from "../object/index.ts";
import { content } from "./content.ts";
import { elementContext } from "./context.ts";
import { constrained, has, objectRule, stringRule } from "./field.ts";
import { literalApiVersion, literalKind, namespaceName, objectName } from "./names.ts";
import { preconditions } from "./preconditions.ts";
import { labelSelector } from "./selector.ts";
import { expression, list, text } from "./value.ts";

type Depth = { deepOnly: boolean };

function clone(depth: Depth) {
  return z
    .strictObject({
      namespace: namespaceName("The namespace of the source; none for cluster-scoped kinds.", depth).optional(),
      name: objectName("The name of the source.", depth),
    })
    .describe(
      "The object is a copy of this one, its source, which has the same kind. The copy is made as soon as the source is there, follows its changes, and goes with it.",
    );
}

function cloneList(depth: Depth) {
  return z
    .strictObject({
      namespace: namespaceName("The namespace of the sources.", depth).optional(),
      kinds: list(
        constrained(
          text("A kind as version/Kind or group/version/Kind, such as v1/Secret."),
          stringRule({
            code: "InvalidKind",
            message: "a kind to copy is written version/Kind or group/version/Kind, such as v1/Secret: no wildcards",
            holds: (kind) => VERSIONED_KIND.test(kind),
          }),
        ),
        50,
        "The kinds to copy, all of which live in namespaces.",
      ).min(1),
      selector: constrained(labelSelector("the labels of the sources", { variables: true }), {
        code: "InvalidSelector",
        message: "the sources are selected by labels that are written out: no wildcards",
        offenders: (selector) => wildcardsIn(selector),
      }).optional(),
    })
    .describe(
      "Copies of every object of these kinds in a namespace, each under its own name in the namespace of the rule. A new one is copied at once; the copy of one that goes is deleted.",
    );
}

const VERSIONED_KIND = /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?v[0-9]+((alpha|beta)[0-9]+)?\/[A-Z][A-Za-z0-9]*$/;

function wildcardsIn(selector: Json): Path[] {
  const labels = valueAt(selector, ["matchLabels"]);
  const entries = isJsonObject(labels) ? Object.entries(labels) : [];
  const isWild = (text: Json): boolean => /[*?]/.test(String(text)) && !String(text).includes("{{");
  return entries.filter((entry) => entry.some(isWild)).map(([key]) => ["matchLabels", key]);
}

const NAME = "The object's name; may hold variables, such as {{request.object.metadata.name}}-quota.";

/** What an object is made of: the same for the rule itself and for each entry of foreach. */
function target(depth: Depth) {
  return {
    apiVersion: literalApiVersion(
      "The object's API version, written out, such as v1 or networking.k8s.io/v1.",
      depth,
    ).optional(),
    kind: literalKind("The object's kind, written out, such as NetworkPolicy.", depth).optional(),
    name: objectName(NAME, depth).optional(),
    namespace: namespaceName(
      "The object's namespace: required for namespaced kinds, absent for cluster-scoped ones; may hold variables. In a Policy its own.",
      depth,
    ).optional(),
    data: content.optional(),
    clone: clone(depth).optional(),
    cloneList: cloneList(depth).optional(),
  };
}

const entry = constrained(
  z.strictObject({
    list: expression(
      "An expression that gives the list, such as request.object.spec.ports; in the entry, element and elementIndex are what it stands at. A value that is no list is its only element; null is none.",
    ),
    context: elementContext.optional(),
    preconditions: preconditions.optional(),
    ...target({ deepOnly: true }),
  }),
  ...originRules(["data", "clone", "cloneList"]),
).describe("One list, and what is made for each of its elements.");

export const generate = constrained(
  z.strictObject({
    ...target({ deepOnly: false }),
    foreach: list(entry, 10, "One object for each element of a list.").min(1).optional(),
    synchronize: z
      .boolean()
      .describe(
        "true (what is meant when absent): the object is kept exactly as the rule says, and deleted when the rule no longer wants it. false: it is made once and then left alone.",
      )
      .optional(),
    generateExisting: z
      .boolean()
      .describe(
        "true (what is meant when absent): also for triggers that were there before the policy. false: for triggers that were created since, or have changed.",
      )
      .optional(),
    orphanDownstreamOnPolicyDelete: z
      .boolean()
      .describe(
        "true: the objects stay when the policy or the rule is deleted. false (what is meant when absent): they are deleted with it.",
      )
      .optional(),
  }),
  ...originRules(["data", "clone", "cloneList", "foreach"]),
  objectRule({
    code: "InvalidValue",
    field: "clone",
    cel: "!has(self.clone) || !has(self.name) || self.clone.name != self.name || has(self.clone.__namespace__) != has(self.__namespace__) || (has(self.clone.__namespace__) && self.clone.__namespace__ != self.__namespace__)",
    message:
      "the source is the object itself, which cannot be its own copy: name another source, or give the copy another name or namespace",
    holds: ({ clone: source, name, namespace }) =>
      !isJsonObject(source) || source.name !== name || source.namespace !== namespace,
  }),
  objectRule({
    code: "ExclusiveFields",
    field: "foreach",
    cel: "!has(self.foreach) || !(has(self.apiVersion) || has(self.kind) || has(self.name) || has(self.__namespace__))",
    message: "each entry of foreach says for itself what it makes: move apiVersion, kind, name and namespace there",
    holds: (value) =>
      !has(value, "foreach") || !["apiVersion", "kind", "name", "namespace"].some((field) => has(value, field)),
  }),
).describe("The object that is made for each trigger, and kept as it is described here.");

export type Generate = z.infer<typeof generate>;

/** Where an object's content comes from, and what has to be said of it besides. `origins`: the fields to choose from. */
function originRules(origins: readonly string[]) {
  const given = (value: JsonObject): string[] => origins.filter((field) => has(value, field));
  const either = (fields: readonly string[]): string => fields.map((field) => `has(self.${field})`).join(" || ");
  return [
    objectRule({
      code: "MissingField",
      field: "data",
      cel: either(origins),
      message:
        "generate does not say what the object is made of: give data, with the object's content, or clone, with the object to copy",
      holds: (value) => given(value).length > 0,
    }),
    objectRule({
      code: "ExclusiveFields",
      cel: `[${origins.map((field) => `has(self.${field})`).join(", ")}].filter(given, given).size() <= 1`,
      message: `generate has several of ${origins.join(", ")}, but the content can have only one origin: keep one of them`,
      holds: (value) => given(value).length <= 1,
    }),
    objectRule({
      code: "ExclusiveFields",
      field: "cloneList",
      cel: "!has(self.cloneList) || !(has(self.apiVersion) || has(self.kind) || has(self.name))",
      message: "copies of a list keep their kinds and names: remove apiVersion, kind and name",
      holds: (value) => !has(value, "cloneList") || !["apiVersion", "kind", "name"].some((field) => has(value, field)),
    }),
    needs("apiVersion", "such as v1 or networking.k8s.io/v1", origins),
    needs("kind", "such as NetworkPolicy", origins),
    needs("name", "which may hold variables, such as {{request.object.metadata.name}}-quota", origins),
  ];
}

/** Copies of a list keep their kinds and names, and entries of foreach have their own. */
function needs(field: "apiVersion" | "kind" | "name", example: string, origins: readonly string[]) {
  const others = origins.filter((origin) => origin === "cloneList" || origin === "foreach");
  return objectRule({
    code: "MissingField",
    field,
    cel: [field, ...others].map((each) => `has(self.${each})`).join(" || "),
    message: `generate needs the object's ${field}, ${example}`,
    holds: (value) => [field, ...others].some((each) => has(value, each)),
  });
}
