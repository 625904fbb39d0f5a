/** The door: a server, what is watched for it, and what it keeps in the cluster. */

import { type ClusterClient, guardWrites, type Selection, type ServiceAccount } from "../cluster/index.ts";
import { KEY_SECRET } from "../object/index.ts";
import type { Log, Metrics } from "../telemetry/index.ts";
import { REFLECTOR_DEFAULTS, reflect } from "../watch/index.ts";
import { policiesPath, type Reach } from "../webhook/index.ts";
import { Conditions } from "./conditions.ts";
import { Mutations } from "./mutations.ts";
import { OneObject } from "./one-object.ts";
import type { OperatorView } from "./operator-view.ts";
import { pathSecret } from "./path-secret.ts";
import { createPolicyReviewer } from "./policy-reviewer.ts";
import { Probe } from "./probe.ts";
import { Requests } from "./requests.ts";
import { MUTATING, SECRETS, VALIDATING } from "./resources.ts";
import { type ReviewServer, startReviewServer } from "./server.ts";
import { Tender } from "./tender.ts";
import { Users } from "./users.ts";

export type AdmissionOptions = {
  address: string;
  /** Where the API server reaches us; undefined: by the Service `perennial-webhook`. */
  url: string | undefined;
  namespace: string;
  installation: string;
  kyverno: boolean;
  /** Milliseconds. */
  certificateLifetime: number;
  /** Milliseconds. */
  watchSilence: number;
  /** Namespaces that are left alone. */
  systemNamespaces: ReadonlySet<string>;
  /** True: nobody asks whether who writes a policy may do what it does. */
  trustAuthors: boolean;
  /** True: who changes or deletes what is generated is remembered for a while. */
  recordUsers: boolean;
  /** Whose permissions count as the operator's; undefined: those of the client. */
  serviceAccount: ServiceAccount | undefined;
  client: ClusterClient;
  view: OperatorView;
  metrics: Metrics;
  log: Log;
};

export type Admission = { address: string; close(): Promise<void> };

const SERVICE = "perennial-webhook";

/** Milliseconds between two comparisons of what is with what should be, which ask nobody. */
const TEND_EVERY = 1_000;

/** Serves until it is closed. Rejects when the address cannot be listened on. */
export async function startAdmission(options: AdmissionOptions): Promise<Admission> {
  const probe = new Probe(options);
  const conditions = new Conditions({ ...options, probe });
  const mutations = new Mutations({ ...options, probe, conditions });
  const policies = createPolicyReviewer({ ...options, conditions });
  const requests = new Requests({ ...options, probe });
  const users = new Users({ ...options, ownUser: () => probe.ownUser });
  const reviewers = [probe, users, mutations, requests];
  const server = await startReviewServer({
    ...options,
    reviewerAt: (path) => {
      if (isOfPolicies(path, options.view)) return policies;
      for (const { reviewerAt } of reviewers) {
        const found = reviewerAt(path);
        if (found !== undefined) return found;
      }
      return undefined;
    },
    whyNotReady: () => options.view.whyNotStarted(),
  });
  const stop = keepAll(options, server, { mutations, requests, users });
  return {
    address: server.address,
    close: async () => {
      stop();
      await server.close();
    },
  };
}

function isOfPolicies(path: string, view: OperatorView): boolean {
  const secret = pathSecret(view);
  return secret !== undefined && path === policiesPath(secret);
}

/** Watches, and tends what is watched; the answer ends both. */
function keepAll(
  options: AdmissionOptions,
  server: ReviewServer,
  asked: { mutations: Mutations; requests: Requests; users: Users },
): () => void {
  const { client, namespace, installation, view, log } = options;
  const [secret, validating, mutating] = [new OneObject(), new OneObject(), new OneObject()];
  const tender = new Tender({
    ...options,
    ...{ secret, validating, mutating, ...asked, reach: reachOf(options) },
    client: guardWrites(client, () => view.leads()),
    mayWrite: () => view.mayKeep(),
    namespaceUid: () => view.namespaceUid(),
    pathSecret: () => pathSecret(view),
    mustAnswer: (group) => !options.trustAuthors && view.whySuspended(group) === undefined,
    serve: (serving) => server.serve(serving),
  });
  const watched: [OneObject, Selection][] = [
    [secret, { resource: SECRETS, namespace, name: KEY_SECRET }],
    [validating, { resource: VALIDATING, name: installation }],
    [mutating, { resource: MUTATING, name: installation }],
  ];
  const settings = { ...REFLECTOR_DEFAULTS, silence: options.watchSilence };
  const subscriptions = watched.map(([object, selection]) =>
    reflect(client, selection, settings).subscribe((signal) => {
      object.note(signal);
      if (object === secret) tender.look();
      if (signal.type === "failed") log.warn({ failure: signal.failure }, `cannot watch ${selection.resource.kind}`);
    }),
  );
  const timer = repeat(() => tender.tend(), log);
  return () => {
    clearInterval(timer);
    for (const subscription of subscriptions) subscription.unsubscribe();
  };
}

/** One at a time. */
function repeat(work: () => Promise<void>, log: Log): NodeJS.Timeout {
  let busy = false;
  return setInterval(() => {
    if (busy) return;
    busy = true;
    work()
      .catch((error) => log.error({ err: error }, "the webhook could not be kept"))
      .finally(() => {
        busy = false;
      });
  }, TEND_EVERY).unref();
}

function reachOf({ url, namespace }: AdmissionOptions): Reach {
  return url === undefined ? { service: { namespace, name: SERVICE } } : { url };
}
