/** Context: what else a rule reads, under names that its expressions use. */

import { z } from "zod";
import { constrained, has, objectRule, refusedHere, stringRule, unsupported } from "./field.ts";
import { namespaceName, objectName } from "./names.ts";
import { anyValue, expression, list, text } from "./value.ts";

/** `nested`: in a list within a list. */
type Depth = { deepOnly: boolean; nested?: true };

/** What expressions may start from without any context. */
const RESERVED =
  /^(request|images|target|element[0-9]*|elementIndex[0-9]*|serviceAccountName|serviceAccountNamespace)$/;

const jmesPath = expression("JMESPath applied to the result.", 4096).optional();

const configMap = z
  .strictObject({
    name: objectName("The ConfigMap's name; may hold variables.", { deepOnly: true }),
    namespace: namespaceName(
      "The ConfigMap's namespace; may hold variables. default when absent; in a Policy its own.",
      { deepOnly: true },
    ).optional(),
  })
  .describe("A ConfigMap, read as <entry>.data.<key>. While it is missing the rule waits.");

const pair = z
  .strictObject({ key: text("The key."), value: anyValue("The value; may hold variables.") })
  .describe("One key with its value.");

const header = z
  .strictObject({ key: text("The header's name."), value: expression("The header's value.", 4096) })
  .describe("One header of the request.");

const service = z
  .strictObject({
    url: expression(
      "An http or https URL; what variables give is one segment of its path, or one value of its query. Loopback and link-local addresses are refused, and the operator's own token is not sent.",
    ),
    headers: list(header, 20, "Headers sent with the request.").optional(),
    caBundle: text(
      "PEM certificates that the server's has to be signed by; without them, what the operator trusts.",
      65_536,
    ).optional(),
  })
  .describe("A service other than the API server, asked again every --api-call-interval. Not allowed in a Policy.");

function apiCall({ deepOnly }: Depth) {
  return constrained(
    z.strictObject({
      urlPath: expression(
        "The API path of a resource or of a collection, such as /api/v1/namespaces/{{request.namespace}}/services, perhaps with labelSelector or fieldSelector: it is watched. Another path, such as /version, is asked again every --api-call-interval.",
      ).optional(),
      method: z
        .enum(["GET", "POST"])
        .describe("GET (what is meant when absent), or POST; of the API server only reviews take a POST.")
        .optional(),
      data: list(pair, 50, "Sent as one JSON object; with POST only.").optional(),
      jmesPath,
      default: anyValue(
        "The value when what is read does not exist or the call fails; jmesPath is not applied to it.",
      ).optional(),
      service: service.optional(),
    }),
    objectRule({
      code: "ExclusiveFields",
      field: "data",
      ...(deepOnly ? {} : { cel: "!has(self.data) || (has(self.method) && self.method == 'POST')" }),
      message: "data is sent with POST only: write method: POST, or put it into the query",
      holds: (value) => !has(value, "data") || value.method === "POST",
    }),
    objectRule({
      code: "OutsideNamespace",
      field: "service",
      only: "Policy",
      ...(deepOnly ? {} : { cel: "!has(self.service)" }),
      message: "a Policy reads only in its own namespace, and calls no services: make this a ClusterPolicy",
      holds: (value) => !has(value, "service"),
    }),
    objectRule({
      code: "ExclusiveFields",
      ...(deepOnly ? {} : { cel: "has(self.urlPath) != has(self.service)" }),
      message: "an apiCall reads one thing: give exactly one of urlPath and service",
      holds: (value) => has(value, "urlPath") !== has(value, "service"),
    }),
  ).describe("What the API server or a service answers.");
}

const variable = constrained(
  z.strictObject({
    value: anyValue("Any value; strings may hold variables.").optional(),
    jmesPath,
    default: anyValue("The value when the result is null, or jmesPath fails.").optional(),
  }),
  objectRule({
    code: "MissingField",
    field: "value",
    message: "a variable needs a value, or a jmesPath over what is known so far: give at least one of them",
    holds: (value) => has(value, "value") || has(value, "jmesPath"),
  }),
).describe("A value, or an expression over it or over what is known so far.");

const globalReference = z
  .strictObject({ name: text("The entry's name."), jmesPath })
  .describe("A shared entry. Not allowed in a Policy.");

const imageRegistry = z
  .strictObject({ reference: expression("The image's reference; may hold variables."), jmesPath })
  .describe("Image metadata from its registry.");

const SOURCES = ["configMap", "apiCall", "variable", "globalReference", "imageRegistry"];

const ONE_SOURCE = `${SOURCES.map((source) => `(has(self.${source}) ? 1 : 0)`).join(" + ")} == 1`;

function later({ nested }: Depth) {
  const fields = {
    globalReference: unsupported(globalReference.optional()),
    imageRegistry: unsupported(imageRegistry.optional(), "it needs an image registry"),
  };
  if (nested === undefined) return fields;
  return { globalReference: refusedHere(fields.globalReference), imageRegistry: refusedHere(fields.imageRegistry) };
}

function entry(depth: Depth) {
  return constrained(
    z.strictObject({
      name: constrained(
        text("The name that expressions use.", 63),
        stringRule({
          code: "InvalidName",
          message: "expressions know this name as something else: choose another one",
          holds: (name) => !RESERVED.test(name),
        }),
      ),
      configMap: configMap.optional(),
      apiCall: apiCall(depth).optional(),
      variable: variable.optional(),
      ...later(depth),
    }),
    objectRule({
      code: "ExclusiveFields",
      ...(depth.deepOnly ? {} : { cel: ONE_SOURCE }),
      message: `a context entry has one source: give exactly one of ${SOURCES.join(", ")}`,
      holds: (value) => SOURCES.filter((source) => has(value, source)).length === 1,
    }),
  ).describe("One named value from exactly one source.");
}

const DESCRIPTION =
  "Named values for expressions; later entries see earlier ones. One is loaded when an expression names it; when its value changes, the rule is planned again.";

export const context = list(entry({ deepOnly: false }), 50, DESCRIPTION);

/** Of an element of a list: the API server's estimate of what rules cost leaves no room for them there. */
export const elementContext = list(entry({ deepOnly: true }), 20, DESCRIPTION);

/** Of an element of a list within a list: there the estimate leaves room for none at all. */
export const nestedContext = list(entry({ deepOnly: true, nested: true }), 20, DESCRIPTION);

export type ContextEntry = z.infer<typeof context>[number];
