/** A kubeconfig file for one user of the control plane. */
import { readFile, writeFile } from "node:fs/promises";

export interface KubeconfigContent {
  readonly url: string;
  readonly caFile: string;
  readonly user: string;
  readonly token: string;
  readonly namespace?: string;
}

/** Writes it as JSON, which every reader of YAML understands. The authority is inside: the file can be moved. */
export async function writeKubeconfig(path: string, content: KubeconfigContent): Promise<string> {
  const authority = (await readFile(content.caFile)).toString("base64");
  const context = { cluster: "local", user: content.user, namespace: content.namespace ?? "default" };
  const kubeconfig = {
    apiVersion: "v1",
    kind: "Config",
    "current-context": "local",
    clusters: [{ name: "local", cluster: { server: content.url, "certificate-authority-data": authority } }],
    users: [{ name: content.user, user: { token: content.token } }],
    contexts: [{ name: "local", context }],
  };
  await writeFile(path, `${JSON.stringify(kubeconfig, null, 2)}\n`, { mode: 0o600 });
  return path;
}
