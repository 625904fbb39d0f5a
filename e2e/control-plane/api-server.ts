/** How kube-apiserver is run: what it is told, and the files that it reads. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { CertificateFiles } from "./certificates.ts";
import { etcdUrl } from "./etcd.ts";

export interface ApiServerSettings {
  readonly folder: string;
  readonly port: number;
  readonly certificates: CertificateFiles;
  /** Bearer tokens that are always valid. */
  readonly tokens: readonly StaticToken[];
  readonly audit: boolean;
  readonly extra: readonly string[];
}

export interface StaticToken {
  readonly token: string;
  readonly user: string;
  readonly groups: readonly string[];
}

/** Feature gates, admission plugins, flow control and caches stay as they are by default: as in a cluster. */
export function apiServerArguments({ folder, port, certificates, audit, extra }: ApiServerSettings): string[] {
  return [
    `--etcd-servers=${etcdUrl(folder)}`,
    "--bind-address=127.0.0.1",
    "--advertise-address=127.0.0.1",
    `--secure-port=${port}`,
    // An endpoint must not be a loopback address; nothing here goes through the Service "kubernetes".
    "--endpoint-reconciler-type=none",
    `--cert-dir=${folder}`,
    `--tls-cert-file=${certificates.servingFile}`,
    `--tls-private-key-file=${certificates.servingKeyFile}`,
    `--client-ca-file=${certificates.caFile}`,
    `--token-auth-file=${tokenFile(folder)}`,
    "--authorization-mode=Node,RBAC",
    "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
    `--service-account-key-file=${certificates.serviceAccountPublicKeyFile}`,
    `--service-account-signing-key-file=${certificates.serviceAccountKeyFile}`,
    "--service-cluster-ip-range=10.0.0.0/20",
    "--allow-privileged=true",
    // Without it watches are not closed at the end, and SIGTERM takes a minute.
    "--shutdown-watch-termination-grace-period=2s",
    ...(audit ? auditArguments(folder) : []),
    ...extra,
  ];
}

/** Writes the files that the arguments name. */
export async function writeApiServerFiles({ folder, tokens }: ApiServerSettings): Promise<void> {
  const lines = tokens.map(({ token, user, groups }) => `${token},${user},${user},"${groups.join(",")}"\n`);
  await Promise.all([
    writeFile(tokenFile(folder), lines.join(""), { mode: 0o600 }),
    writeFile(auditPolicyFile(folder), `${JSON.stringify(auditPolicy, null, 2)}\n`),
  ]);
}

/** Where the API server writes one JSON line per answered request (and one when a watch begins). */
export function auditLogFile(folder: string): string {
  return join(folder, "audit.log");
}

/** Who did what to which object with which result; not what was in it. */
const auditPolicy = {
  apiVersion: "audit.k8s.io/v1",
  kind: "Policy",
  omitStages: ["RequestReceived"],
  rules: [{ level: "None", nonResourceURLs: ["/readyz*", "/livez*", "/healthz*"] }, { level: "Metadata" }],
};

function auditArguments(folder: string): string[] {
  // Size 0: one file that is never rotated, so that a test reads the whole story in one place.
  return [
    `--audit-policy-file=${auditPolicyFile(folder)}`,
    `--audit-log-path=${auditLogFile(folder)}`,
    "--audit-log-maxsize=0",
  ];
}

function auditPolicyFile(folder: string): string {
  return join(folder, "audit-policy.json");
}

function tokenFile(folder: string): string {
  return join(folder, "tokens.csv");
}
