/** How kube-controller-manager is run. */
import type { CertificateFiles } from "./certificates.ts";

/**
 * Each controller uses a service account of its own, as in a cluster, so that what it may do is what RBAC lets it.
 * There is only one of them: no election, which would cost seconds at the start.
 */
export function controllerManagerArguments(kubeconfig: string, certificates: CertificateFiles): string[] {
  return [
    `--kubeconfig=${kubeconfig}`,
    "--use-service-account-credentials=true",
    "--leader-elect=false",
    // No metrics, no port.
    "--secure-port=0",
    `--root-ca-file=${certificates.caFile}`,
    `--service-account-private-key-file=${certificates.serviceAccountKeyFile}`,
    `--cluster-signing-cert-file=${certificates.caFile}`,
    `--cluster-signing-key-file=${certificates.caKeyFile}`,
  ];
}
