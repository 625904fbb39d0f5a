/** Where the API server is and how to prove who we are: a kubeconfig file or the Pod's service account. */

import { loadSource, rememberAuthorization, requestOptions } from "./authorization.ts";

export type Credentials = {
  /** Such as `https://10.0.0.1:443`. */
  server: string;
  tls: {
    ca?: string | Buffer;
    cert?: string | Buffer;
    key?: string | Buffer;
    rejectUnauthorized?: boolean;
    servername?: string;
  };
  /** The value of the Authorization header, if there is one. Files and exec plugins are asked again when it is old. */
  authorization(): Promise<string | undefined> | string | undefined;
  /** The server refused the header: kubeconfig, token file and plugin are asked anew, but not every one of a thousand times. */
  forget(): void;
};

export type CredentialsOptions = {
  /** Where the file system of the Pod begins; for tests. */
  root?: string;
  /** Which context of the kubeconfig; the current one when left out. */
  context?: string;
  /** Monotonic milliseconds. */
  now?(): number;
};

/** Without a file: the service account of the Pod. Throws an Error that says what is wrong. */
export async function loadCredentials(
  kubeconfigFile: string | undefined,
  { root = "", context, now = () => performance.now() }: CredentialsOptions = {},
): Promise<Credentials> {
  const load = () => loadSource(kubeconfigFile, { root, context });
  const source = load();
  const { config } = source;
  const cluster = config.getCurrentCluster();
  if (cluster === null) throw new Error(`${kubeconfigFile}: the current context names no cluster`);
  if (!isHttpUrl(cluster.server))
    throw new Error(
      `${kubeconfigFile ?? "the Pod's environment"}: the server of cluster ${JSON.stringify(cluster.name)} is ${JSON.stringify(cluster.server)}, which is no URL such as https://10.0.0.1:443`,
    );
  const options = await requestOptions(config);
  const { ca, cert, key, rejectUnauthorized, servername } = options;
  return {
    server: cluster.server,
    tls: definedOnly({ ca, cert, key, rejectUnauthorized, servername }) as Credentials["tls"], // strings or Buffers, as client-node reads them
    ...rememberAuthorization(source, load, now),
  };
}

function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && ["http:", "https:"].includes(new URL(text).protocol);
}

function definedOnly(values: { [key: string]: unknown }): { [key: string]: unknown } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
