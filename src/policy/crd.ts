/** The CustomResourceDefinitions of perennial.dev/v1, from the same schemas as the types. */

import type { JsonObject } from "../object/index.ts";
import { LONG_NAME } from "./parse.ts";
import { GROUP, type PolicyKind, VERSION } from "./policy.ts";
import { spec } from "./spec.ts";
import { status } from "./status.ts";
import { structuralSchema } from "./structural.ts";

type Names = {
  plural: string;
  singular: string;
  shortName: string;
  scope: "Cluster" | "Namespaced";
  description: string;
};

const NAMES: { [Kind in PolicyKind]: Names } = {
  ClusterPolicy: {
    plural: "clusterpolicies",
    singular: "clusterpolicy",
    shortName: "pcpol",
    scope: "Cluster",
    description:
      "ClusterPolicy says what has to exist for the objects of a cluster. Perennial makes it, and keeps it exactly so: what somebody changes or deletes grows back.",
  },
  Policy: {
    plural: "policies",
    singular: "policy",
    shortName: "ppol",
    scope: "Namespaced",
    description:
      "Policy says what has to exist for the objects of its own namespace; it neither sees nor reaches anything outside. Perennial makes it, and keeps it exactly so: what somebody changes or deletes grows back.",
  },
};

/** `serveAll` for tests only: the definition as it will be when every field of the language is served. */
export function customResourceDefinition(kind: PolicyKind, { serveAll = false } = {}): JsonObject {
  const { plural, singular, shortName, scope } = NAMES[kind];
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.${GROUP}`, labels: { "app.kubernetes.io/name": "perennial" } },
    spec: {
      group: GROUP,
      names: { kind, listKind: `${kind}List`, plural, singular, shortNames: [shortName] },
      scope,
      versions: [
        {
          name: VERSION,
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: COLUMNS,
          schema: { openAPIV3Schema: rootSchema(kind, serveAll) },
        },
      ],
    },
  };
}

export const POLICY_KINDS = Object.keys(NAMES) as PolicyKind[]; // the keys of a closed record

/** The file that the definition is kept in. */
export function definitionFile(kind: PolicyKind): string {
  return `${GROUP}_${NAMES[kind].plural}.yaml`;
}

function rootSchema(kind: PolicyKind, serveAll: boolean): JsonObject {
  return {
    description: NAMES[kind].description,
    type: "object",
    required: ["spec"],
    properties: {
      apiVersion: { description: `The version of the schema: ${GROUP}/${VERSION}.`, type: "string" },
      kind: { description: `The kind of the object: ${kind}.`, type: "string" },
      metadata: { type: "object", properties: { name: { type: "string" } } },
      spec: structuralSchema(spec, { kind, at: ["spec"], serveAll }),
      status: structuralSchema(status, { kind, at: ["status"], serveAll }),
    },
    "x-kubernetes-validations": [
      { rule: "size(self.metadata.name) <= 63", message: LONG_NAME, fieldPath: ".metadata.name" },
    ],
  };
}

const READY = '.status.conditions[?(@.type=="Ready")]';

const COLUMNS = [
  { name: "Mode", type: "string", jsonPath: ".status.mode", description: "How the policy is carried out." },
  { name: "Ready", type: "string", jsonPath: `${READY}.status`, description: "Whether the policy is served." },
  {
    name: "Triggers",
    type: "integer",
    jsonPath: ".status.summary.triggers",
    description: "How many objects its rules match.",
  },
  {
    name: "In-Sync",
    type: "string",
    jsonPath: ".status.summary.ratio",
    description: "How many objects are as they should be, of how many.",
  },
  {
    name: "Corrected",
    type: "integer",
    jsonPath: ".status.summary.corrected",
    description: "How many drifts were put right.",
  },
  { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp", description: "How old the policy is." },
  {
    name: "Message",
    type: "string",
    priority: 1,
    jsonPath: `${READY}.message`,
    description: "Why it is ready or not.",
  },
];
