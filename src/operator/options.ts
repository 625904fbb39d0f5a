/** What the operator is given: how to reach the cluster, who it is, and what its flags say. */

import type { ClusterClient, ServiceAccount } from "../cluster/index.ts";
import type { Log, Metrics } from "../telemetry/index.ts";

export type OperatorOptions = {
  client: ClusterClient;
  /** The operator's own namespace. */
  namespace: string;
  installation: string;
  identity: string;
  concurrency: number;
  /** Milliseconds. */
  pruneDelay: number;
  /** Targets a second that are compared with a fresh object after a start; 0: none. */
  deepCheckRate: number;
  /** Milliseconds. */
  watchSilence: number;
  /** Milliseconds. */
  apiCallInterval: number;
  /** Namespaces that are left alone. */
  systemNamespaces: ReadonlySet<string>;
  /** Whose permissions are probed, when they are not those of the client. */
  serviceAccount: ServiceAccount | undefined;
  /** Serve policies of kyverno.io, where there are any and Kyverno is not alive. */
  kyverno: boolean;
  /** Make a new installation key where the old one is lost. */
  newInstallationKey: boolean;
  /** The API server is told to ask while objects are written. */
  webhook: boolean;
  metrics: Metrics;
  log: Log;
};
