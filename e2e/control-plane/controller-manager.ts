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
    // It makes a service account for each controller first, which takes four seconds at the default of 20 requests a second.
    "--kube-api-qps=200",
    "--kube-api-burst=400",
    // No metrics, no port.
    "--secure-port=0",
    `--root-ca-file=${certificates.caFile}`,
    `--service-account-private-key-file=${certificates.serviceAccountKeyFile}`,
    `--cluster-signing-cert-file=${certificates.caFile}`,
    `--cluster-signing-key-file=${certificates.caKeyFile}`,
  ];
}
