/** The two kinds of perennial.dev/v1. They differ in scope only: a Policy is confined to its own namespace. */

import type { ObjectMeta } from "../object/index.ts";
import type { PolicySpec } from "./spec.ts";
import type { PolicyStatus } from "./status.ts";

export const GROUP = "perennial.dev";
export const VERSION = "v1";

/** No defaults: what is meant when a field is absent stands in its description, and the object stays as it was written. */
type PolicyOf<Kind extends string, Meta> = {
  apiVersion: `${typeof GROUP}/${typeof VERSION}`;
  kind: Kind;
  metadata: Meta;
  spec: PolicySpec;
  status?: PolicyStatus;
};

export type ClusterPolicy = PolicyOf<"ClusterPolicy", ObjectMeta>;
export type Policy = PolicyOf<"Policy", ObjectMeta & { namespace: string }>;
export type AnyPolicy = ClusterPolicy | Policy;
export type PolicyKind = AnyPolicy["kind"];
