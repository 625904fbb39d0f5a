/** Where the API server is and how to prove who we are: a kubeconfig file or the Pod's service account. */

import type { RequestOptions } from "node:https";
import { KubeConfig } from "@kubernetes/client-node";

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
  /** Forget the header, after the server refused it. */
  forget(): void;
};

/** How long an Authorization header is used before the kubeconfig is asked again, in milliseconds. */
const AUTHORIZATION_AGE = 10_000;

/** Without a file: the service account of the Pod. Throws an Error that says what is wrong. */
export async function loadCredentials(kubeconfigFile: string | undefined): Promise<Credentials> {
  const config = new KubeConfig();
  if (kubeconfigFile !== undefined) config.loadFromFile(kubeconfigFile);
  else if (process.env.KUBERNETES_SERVICE_HOST) config.loadFromCluster();
  else throw new Error("not in a Pod: name a kubeconfig with --kubeconfig");
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
    ...rememberedAuthorization(config),
  };
}

function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && ["http:", "https:"].includes(new URL(text).protocol);
}

async function requestOptions(config: KubeConfig): Promise<RequestOptions> {
  const options: RequestOptions = {};
  await config.applyToHTTPSOptions(options);
  return options;
}

function rememberedAuthorization(config: KubeConfig): Pick<Credentials, "authorization" | "forget"> {
  let known: { value: string | undefined; until: number } | undefined;
  const read = async (): Promise<string | undefined> => {
    const options = await requestOptions(config);
    known = { value: authorizationOf(options), until: performance.now() + AUTHORIZATION_AGE };
    return known.value;
  };
  return {
    authorization: () => (known === undefined || known.until < performance.now() ? read() : known.value),
    forget() {
      known = undefined;
    },
  };
}

function authorizationOf({ headers, auth }: RequestOptions): string | undefined {
  const header = headers !== undefined && "Authorization" in headers ? headers.Authorization : undefined;
  if (typeof header === "string") return header;
  return auth ? `Basic ${Buffer.from(auth).toString("base64")}` : undefined;
}

function definedOnly(values: { [key: string]: unknown }): { [key: string]: unknown } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
