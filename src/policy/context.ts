/** Context: what else a rule reads, under names that its expressions use. */

import { z } from "zod";
import { anyValue, expression, list, text } from "./value.ts";

const jmesPath = expression("JMESPath applied to the result.", 4096).optional();

const configMap = z
  .strictObject({
    name: expression("The ConfigMap's name; may hold variables."),
    namespace: expression("The ConfigMap's namespace; may hold variables. In a Policy its own.").optional(),
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
    url: expression("The URL; loopback and link-local addresses are refused, and no token is sent."),
    headers: list(header, 20, "Headers sent with the request.").optional(),
    caBundle: text("PEM certificates to check the server's with.", 65_536).optional(),
  })
  .describe("A service outside the API server. Not allowed in a Policy.");

const apiCall = z
  .strictObject({
    urlPath: expression(
      "An API path such as /api/v1/namespaces/{{request.namespace}}/services; resources are watched.",
    ).optional(),
    method: z.enum(["GET", "POST"]).describe("GET (when absent) or POST, which sends data.").optional(),
    data: list(pair, 50, "Sent as one JSON object with POST.").optional(),
    jmesPath,
    default: anyValue("The value when the call fails.").optional(),
    service: service.optional(),
  })
  .describe("What the API server (urlPath) or a service answers.");

const variable = z
  .strictObject({
    value: anyValue("Any value; strings may hold variables.").optional(),
    jmesPath,
    default: anyValue("The value when the result is null or fails.").optional(),
  })
  .describe("A value, or an expression over what is known so far.");

const globalReference = z
  .strictObject({ name: text("The entry's name."), jmesPath })
  .describe("A shared entry. Not allowed in a Policy.");

const imageRegistry = z
  .strictObject({ reference: expression("The image's reference; may hold variables."), jmesPath })
  .describe("Image metadata from its registry.");

export const context = list(
  z
    .strictObject({
      name: text("The name that expressions use.", 63),
      configMap: configMap.optional(),
      apiCall: apiCall.optional(),
      variable: variable.optional(),
      globalReference: globalReference.optional(),
      imageRegistry: imageRegistry.optional(),
    })
    .describe("One named value from exactly one source."),
  50,
  "Named values for expressions; later entries see earlier ones. When one changes, the rule is planned again.",
);

export type ContextEntry = z.infer<typeof context>[number];
