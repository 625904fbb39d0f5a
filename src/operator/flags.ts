/** The flags of `perennial operator`; each is also an environment variable, PERENNIAL_<FLAG>. */

import { Command, InvalidArgumentError, Option } from "commander";
import type { ServiceAccount } from "../cluster/index.ts";
import { parseDuration } from "../object/index.ts";
import { LOG_LEVELS, type LogLevel } from "../telemetry/index.ts";

export type OperatorFlags = {
  kubeconfig?: string;
  namespace: string;
  installation?: string;
  metricsAddress: string;
  logLevel: LogLevel;
  concurrency: number;
  /** Milliseconds. */
  pruneDelay: number;
  deepCheckRate: number;
  /** Milliseconds. */
  watchSilence: number;
  /** Milliseconds. */
  apiCallInterval: number;
  /** System namespaces that are served nevertheless. */
  systemNamespaces: readonly string[];
  serviceAccount?: ServiceAccount;
  kyverno: boolean;
  newInstallationKey: boolean;
  /** Where the API server calls; undefined: nobody is to call. */
  webhookAddress?: string;
  webhookUrl?: string;
  /** Milliseconds. */
  webhookCertificateLifetime: number;
  /** Who may write policies is not asked whether he may do what they do. */
  trustPolicyAuthors: boolean;
  recordUsers: boolean;
};

/** Left alone, together with the operator's own. */
export const DEFAULT_SYSTEM_NAMESPACES = ["kube-system", "kube-public", "kube-node-lease"] as const;

export function operatorCommand(run: (flags: OperatorFlags) => Promise<void>): Command {
  const command = new Command("operator").description("keeps what the policies of a cluster generate exactly so");
  for (const option of operatorOptions()) command.addOption(option.env(environmentName(option)));
  return command.action(run);
}

export function operatorOptions(): Option[] {
  return [
    new Option("--kubeconfig <file>", "how to reach the cluster (default: the service account of the Pod)"),
    new Option("--namespace <name>", "the operator's own namespace")
      .default("perennial-system")
      .argParser(namespaceName),
    new Option(
      "--installation <id>",
      "tells the targets of several installations apart (default: the namespace)",
    ).argParser(installationId),
    new Option("--metrics-address <address>", "where /healthz, /readyz and /metrics are served")
      .default(":8080")
      .argParser(listenAddress),
    new Option("--log-level <level>", "the least important messages that are logged")
      .choices(LOG_LEVELS)
      .default("info"),
    new Option("--concurrency <claims>", "claims that are worked on at once, 1 to 256")
      .default(64)
      .argParser(wholeNumber(1, 256)),
    new Option(
      "--prune-delay <duration>",
      "how long a policy or custom resource must be gone before its targets are deleted",
    )
      .default(10_000, "10s")
      .argParser(milliseconds),
    new Option(
      "--deep-check-rate <targets>",
      "targets a second that are compared with a fresh object after a start, 0 (none) to 1000",
    )
      .default(20)
      .argParser(wholeNumber(0, 1_000)),
    new Option("--watch-silence <duration>", "how long a watch may say nothing before it is opened again, at least 1s")
      .default(180_000, "3m")
      .argParser(atLeast(1_000, "1s")),
    new Option(
      "--api-call-interval <duration>",
      "how often what cannot be watched is asked again: other API paths, services, the time; at least 1s",
    )
      .default(300_000, "5m")
      .argParser(atLeast(1_000, "1s")),
    new Option(
      "--system-namespaces <names>",
      "system namespaces that policies may reach nevertheless, comma-separated (default: none)",
    )
      .default([], "none")
      .argParser(nameList),
    new Option(
      "--service-account <namespace/name>",
      "whose permissions are checked when a write is refused (default: the operator's own)",
    ).argParser(serviceAccount),
    new Option("--kyverno [true|false]", "serve kyverno.io policies while Kyverno is not alive")
      .default(false)
      .preset("true")
      .argParser(trueOrFalse),
    new Option("--new-installation-key [true|false]", "make a new installation key where the old one is lost")
      .default(false)
      .preset("true")
      .argParser(trueOrFalse),
    new Option(
      "--webhook-address <address>",
      "where the API server calls while objects are written (default: it is not asked to)",
    ).argParser(listenAddress),
    new Option(
      "--webhook-url <url>",
      "the https URL under which the API server reaches that address (default: the Service perennial-webhook)",
    ).argParser(httpsUrl),
    new Option(
      "--webhook-certificate-lifetime <duration>",
      "how long a certificate of the webhook is valid; after two thirds of it another one is served; at least 30s",
    )
      .default(7_776_000_000, "2160h")
      .argParser(atLeast(30_000, "30s")),
    new Option(
      "--trust-policy-authors [true|false]",
      "let policies do whatever the operator may, whether or not their authors may do it themselves",
    )
      .default(false)
      .preset("true")
      .argParser(trueOrFalse),
    new Option(
      "--record-users [true|false]",
      "have the API server tell who changes or deletes what is generated, for the records of drift",
    )
      .default(false)
      .preset("true")
      .argParser(trueOrFalse),
  ];
}

function environmentName(option: Option): string {
  return `PERENNIAL_${option.name().replaceAll("-", "_").toUpperCase()}`;
}

const NAME = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/** Unlike that of a namespace it may hold dots. */
const ACCOUNT_NAME = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;

function namespaceName(value: string): string {
  if (!NAME.test(value))
    throw new InvalidArgumentError("it must be the name of a namespace: lower-case letters, digits and dashes");
  return value;
}

function serviceAccount(value: string): ServiceAccount {
  const [, namespace = "", name = ""] = /^([^/]+)\/([^/]+)$/.exec(value) ?? [];
  if (!NAME.test(namespace) || !ACCOUNT_NAME.test(name))
    throw new InvalidArgumentError("it must be NAMESPACE/NAME, such as perennial-system/perennial");
  return { namespace, name };
}

function installationId(value: string): string {
  if (!NAME.test(value)) throw new InvalidArgumentError("it must be 1 to 63 lower-case letters, digits and dashes");
  return value;
}

function listenAddress(value: string): string {
  const match = /^(\S*):(\d{1,5})$/.exec(value);
  if (match === null || Number(match[2]) > 65_535)
    throw new InvalidArgumentError("it must be [host]:port, such as :8080");
  return value;
}

/** What a webhook configuration accepts. */
function httpsUrl(value: string): string {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  const isPlain = url !== undefined && url.username === "" && url.search === "" && url.hash === "";
  if (!isPlain || url.protocol !== "https:")
    throw new InvalidArgumentError("it must be an https URL such as https://192.0.2.1:9443");
  return value;
}

function wholeNumber(least: number, most: number): (value: string) => number {
  return (value) => {
    const number = Number(value);
    if (!/^\d+$/.test(value) || number < least || number > most) {
      throw new InvalidArgumentError(`it must be a whole number from ${least} to ${most}`);
    }
    return number;
  };
}

/** In the environment, "false" must not count as set. */
function trueOrFalse(value: string): boolean {
  if (value !== "true" && value !== "false") throw new InvalidArgumentError("it must be true or false");
  return value === "true";
}

const NANOS_PER_MILLI = 1_000_000n;

function milliseconds(value: string): number {
  const nanos = parseDuration(value);
  if (nanos === undefined || nanos < 0n) throw new InvalidArgumentError("it must be a duration such as 10s or 1m30s");
  return Number(nanos / NANOS_PER_MILLI);
}

function atLeast(least: number, printed: string): (value: string) => number {
  return (value) => {
    const millis = milliseconds(value);
    if (millis < least) throw new InvalidArgumentError(`it must be at least ${printed}`);
    return millis;
  };
}

function nameList(value: string): string[] {
  const names = value
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
  const wrong = names.find((name) => !NAME.test(name));
  if (wrong !== undefined) throw new InvalidArgumentError(`${JSON.stringify(wrong)} is no name of a namespace`);
  return names;
}
