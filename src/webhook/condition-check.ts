/**
 * What asks the API server whether it takes the match conditions of a policy. A configuration with one that it refuses is refused
 * as a whole, and with it what all other policies ask for.
 */

import type { KubernetesObject } from "../object/index.ts";
import type { AdmissionSettings } from "../rule/index.ts";
import { notByUs } from "./entry.ts";

type Conditions = AdmissionSettings["matchConditions"];

/** For a dry run: beside the entries of the installation's configuration it is one more, about nothing. */
export function conditionCheck(
  conditions: Conditions,
  { installation, ownUser }: { installation: string; ownUser: string },
): KubernetesObject {
  return {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "MutatingWebhookConfiguration",
    metadata: { name: installation },
    webhooks: [
      {
        name: "conditions.perennial.dev",
        clientConfig: { url: "https://127.0.0.1" },
        rules: [],
        matchConditions: [notByUs({ ownUser }), ...conditions].map(({ name, expression }) => ({ name, expression })),
        failurePolicy: "Ignore",
        sideEffects: "None",
        admissionReviewVersions: ["v1"],
      },
    ],
  };
}

/** In the server's words, with the path in the policy. */
export function explainConditions({ message, causes }: Refusal): string {
  const about = causes.filter(({ field }) => field.includes("matchConditions"));
  if (about.length === 0) return `${PLACE}: the API server refuses them: ${message}`;
  return about.map((cause) => `${pathIn(cause.field)}: ${cause.message}`).join("; ");
}

type Refusal = { message: string; causes: readonly { message: string; field: string }[] };

const PLACE = "spec.webhookConfiguration.matchConditions";

/** Ours stands before those of the policy. */
function pathIn(field: string): string {
  const [, index, rest = ""] = /matchConditions\[(\d+)\](.*)$/.exec(field) ?? [];
  return index === undefined ? PLACE : `${PLACE}[${Number(index) - 1}]${rest}`;
}
