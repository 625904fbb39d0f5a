#!/usr/bin/env -S MALLOC_ARENA_MAX=1 node --max-semi-space-size=4 --heap-growing-percent=25
/** The process: reads flags and environment, builds clients, opens a door, handles signals. */

import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { Command, CommanderError } from "commander";
import { type Admission, type AdmissionOptions, retireAdmission, startAdmission } from "./admission/index.ts";
import { offlineCommands, type Terminal } from "./cli/index.ts";
import { connectCluster, loadCredentials, type RequestObserver } from "./cluster/index.ts";
import {
  createOperator,
  DEFAULT_SYSTEM_NAMESPACES,
  type OperatorFlags,
  operatorCommand,
  startHealthServer,
} from "./operator/index.ts";
import { createLog, createMetrics } from "./telemetry/index.ts";

/** Exit codes: 0 as asked, 1 a fault, 2 the command line is wrong. */
const FAULT = 1;
const USAGE = 2;

class UsageError extends Error {}

/** As package.json says; npx only warns. */
const OLDEST_NODE = 24;

async function main(argv: readonly string[]): Promise<number> {
  const { node } = process.versions;
  if (Number.parseInt(node, 10) < OLDEST_NODE) {
    process.stderr.write(`perennial: it needs Node.js ${OLDEST_NODE} or newer, and this is ${node}\n`);
    return USAGE;
  }
  let exitCode = 0;
  const program = new Command("perennial")
    .description("Makes what policies generate exist, and keeps it exactly so")
    .addCommand(operatorCommand(runOperator));
  for (const command of offlineCommands(
    terminalWith((code) => {
      exitCode = code;
    }),
  ))
    program.addCommand(command);
  for (const command of [program, ...program.commands])
    command.exitOverride().configureOutput({ outputError: () => {} });
  try {
    await program.parseAsync([...argv]);
    return exitCode;
  } catch (error) {
    return report(error);
  }
}

function terminalWith(exit: Terminal["exit"]): Terminal {
  return {
    out: (text) => process.stdout.write(text),
    err: (text) => process.stderr.write(text),
    now: () => new Date(),
    exit,
  };
}

function report(error: unknown): number {
  if (error instanceof CommanderError && error.exitCode === 0) return 0; // --help
  if (error instanceof CommanderError && error.code === "commander.help") return USAGE; // no command: the help was printed
  const message = error instanceof Error ? error.message.replace(/^error: /, "") : String(error);
  process.stderr.write(`perennial: ${message.replaceAll("\n", " ").trim()}\n`);
  return error instanceof CommanderError || error instanceof UsageError ? USAGE : FAULT;
}

async function runOperator(flags: OperatorFlags): Promise<void> {
  const systemNamespaces = systemNamespacesOf(flags);
  const metrics = createMetrics();
  const { server, client } = await reachCluster(flags, (method, status, millis) => {
    metrics.requests.observe({ method, status: String(status) }, millis / 1000);
  });
  const log = createLog(flags.logLevel);
  const operator = createOperator({
    client,
    namespace: flags.namespace,
    installation: flags.installation ?? flags.namespace,
    identity: `${hostname()}_${randomUUID()}`,
    concurrency: flags.concurrency,
    pruneDelay: flags.pruneDelay,
    deepCheckRate: flags.deepCheckRate,
    watchSilence: flags.watchSilence,
    apiCallInterval: flags.apiCallInterval,
    systemNamespaces,
    serviceAccount: flags.serviceAccount,
    kyverno: flags.kyverno,
    newInstallationKey: flags.newInstallationKey,
    webhook: flags.webhookAddress !== undefined,
    metrics,
    log,
  });
  const health = await startHealthServer({
    address: flags.metricsAddress,
    metrics,
    whyNotReady: () => operator.whyNotReady(),
  }).catch((error) => {
    throw new UsageError(`--metrics-address ${flags.metricsAddress} cannot be listened on: ${error.message}`);
  });
  const admission = await openAdmission(flags, { client, view: operator.view, metrics, log });
  const addresses = { metrics: health.address, ...(admission === undefined ? {} : { webhook: admission.address }) };
  log.info({ server, namespace: flags.namespace, ...addresses }, "perennial operator starts");
  try {
    await operator.run(stopSignal(() => log.error("did not stop in time: ending all the same")));
    log.info("stopped");
  } finally {
    await Promise.all([health.close(), admission?.close()]);
    await client.close();
  }
}

/** Undefined where nobody is to call. */
async function openAdmission(
  flags: OperatorFlags,
  parts: Pick<AdmissionOptions, "client" | "view" | "metrics" | "log">,
): Promise<Admission | undefined> {
  const { webhookAddress: address, webhookUrl: url, namespace, kyverno, watchSilence } = flags;
  if (address === undefined) {
    if (url !== undefined) throw new UsageError("--webhook-url says where --webhook-address is reached: give both");
    if (flags.recordUsers) throw new UsageError("--record-users is told by --webhook-address: give both");
    retireAdmission({ installation: flags.installation ?? namespace, namespace, ...parts });
    return undefined;
  }

  const installation = flags.installation ?? namespace;
  const certificateLifetime = flags.webhookCertificateLifetime;
  const systemNamespaces = systemNamespacesOf(flags);
  const { trustPolicyAuthors: trustAuthors, recordUsers, serviceAccount } = flags;
  const options = {
    systemNamespaces,
    trustAuthors,
    recordUsers,
    serviceAccount,
    address,
    url,
    namespace,
    installation,
    kyverno,
    watchSilence,
    certificateLifetime,
    ...parts,
  };
  return startAdmission(options).catch((error) => {
    throw new UsageError(`--webhook-address ${address} cannot be listened on: ${error.message}`);
  });
}

async function reachCluster({ kubeconfig }: OperatorFlags, observe: RequestObserver) {
  try {
    const credentials = await loadCredentials(kubeconfig);
    return { server: credentials.server, client: connectCluster(credentials, observe) };
  } catch (error) {
    throw new UsageError(`cannot tell how to reach the cluster: ${error instanceof Error ? error.message : error}`);
  }
}

/** The protected ones, less those that the flag serves nevertheless. */
function systemNamespacesOf({ namespace, systemNamespaces }: OperatorFlags): ReadonlySet<string> {
  const known = [...DEFAULT_SYSTEM_NAMESPACES, namespace];
  const unknown = systemNamespaces.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new UsageError(
      `--system-namespaces names the system namespaces to serve, of ${known.join(", ")}; ${unknown} is none of them and is served anyway`,
    );
  }
  return new Set(known.filter((name) => !systemNamespaces.includes(name)));
}

/** Milliseconds. A Pod is killed after 30 s, and could not say any more that something hung. */
const LONGEST_STOP = 25_000;

/** The first SIGTERM or SIGINT drains; a second one, be it the other, ends the process at once, and so does too long a drain. */
function stopSignal(onLate: () => void): AbortSignal {
  const controller = new AbortController();
  const names = ["SIGTERM", "SIGINT"] as const;
  const end = (): void => {
    onLate();
    process.exit(FAULT);
  };
  const drain = (): void => {
    for (const name of names) process.off(name, drain);
    setTimeout(end, LONGEST_STOP).unref();
    controller.abort();
  };
  for (const name of names) process.on(name, drain);
  return controller.signal;
}

process.exitCode = await main(process.argv);
