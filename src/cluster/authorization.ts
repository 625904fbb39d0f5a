/** The Authorization header: remembered for a while, and asked for anew when it is old or was refused. */

import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import type { RequestOptions } from "node:https";
import { dirname, resolve } from "node:path";
import { KubeConfig } from "@kubernetes/client-node";
import { load as parseYaml } from "js-yaml";

/** `tokenFile`: where the token is, if it is in a file of its own, which others replace before the token expires. */
export type AuthorizationSource = { config: KubeConfig; tokenFile: string | undefined };

/** Without a file: the service account of the Pod. Throws when there is neither, or the file cannot be read. */
export function loadSource(
  kubeconfigFile: string | undefined,
  { root, context }: { root: string; context?: string | undefined },
): AuthorizationSource {
  const config = new KubeConfig();
  if (kubeconfigFile === undefined) {
    if (!process.env.KUBERNETES_SERVICE_HOST) throw new Error("not in a Pod: name a kubeconfig with --kubeconfig");
    config.loadFromCluster(root);
    return { config, tokenFile: config.getCurrentUser()?.authProvider?.config?.tokenFile };
  }
  config.loadFromFile(kubeconfigFile);
  if (context !== undefined) {
    if (config.getContextObject(context) === null)
      throw new Error(`${kubeconfigFile} has no context ${JSON.stringify(context)}`);
    config.setCurrentContext(context);
  }
  return { config, tokenFile: tokenFileIn(kubeconfigFile, config.getCurrentUser()?.name) };
}

/** client-node does not know the field. As kubectl reads it: relative to the kubeconfig, and before `token`. */
function tokenFileIn(kubeconfigFile: string, userName: string | undefined): string | undefined {
  const { users } = parseYaml(readFileSync(kubeconfigFile, "utf8")) as {
    users?: { name?: string; user?: { tokenFile?: string } | null }[];
  }; // client-node has read it: it is a kubeconfig
  const tokenFile = users?.find(({ name }) => name === userName)?.user?.tokenFile;
  return tokenFile ? resolve(dirname(kubeconfigFile), tokenFile) : undefined;
}

export async function requestOptions(config: KubeConfig): Promise<RequestOptions> {
  const options: RequestOptions = {};
  await config.applyToHTTPSOptions(options);
  return options;
}

/** How long a header is used before its source is asked again, in milliseconds: a replaced token is used within that time. */
const AGE = 10_000;
/** A header that was read this recently is not read again because it was refused: a thousand requests may be, at once. */
const LEAST_AGE = 1_000;

/** `load` reads kubeconfig and files anew, and gives plugins that remember nothing. */
export function rememberAuthorization(
  first: AuthorizationSource,
  load: () => AuthorizationSource,
  now: () => number,
): { authorization(): Promise<string | undefined> | string | undefined; forget(): void } {
  let source = first;
  let known: { value: string | undefined; since: number } | undefined;
  let isOld = true;
  let reading: Promise<string | undefined> | undefined;
  const read = async (): Promise<string | undefined> => {
    const value = await readAuthorization(source, known?.value);
    known = { value, since: now() };
    isOld = false;
    return value;
  };
  return {
    authorization() {
      if (known !== undefined && !isOld && now() - known.since <= AGE) return known.value;
      reading ??= read().finally(() => {
        reading = undefined;
      });
      return reading;
    },
    forget() {
      if (known === undefined || isOld || now() - known.since < LEAST_AGE) return;
      isOld = true;
      source = loadAgain(load) ?? source;
    },
  };
}

/** Undefined while somebody is writing the file. */
function loadAgain(load: () => AuthorizationSource): AuthorizationSource | undefined {
  try {
    return load();
  } catch {
    return undefined;
  }
}

/** A token file that cannot be read just now is as good as one that was not replaced. */
async function readAuthorization(
  { config, tokenFile }: AuthorizationSource,
  last: string | undefined,
): Promise<string | undefined> {
  if (tokenFile === undefined) return authorizationOf(await requestOptions(config));
  try {
    return `Bearer ${(await readFile(tokenFile, "utf8")).trim()}`;
  } catch (error) {
    if (last === undefined) throw error;
    return last;
  }
}

function authorizationOf({ headers, auth }: RequestOptions): string | undefined {
  const header = headers !== undefined && "Authorization" in headers ? headers.Authorization : undefined;
  if (typeof header === "string") return header;
  return auth ? `Basic ${Buffer.from(auth).toString("base64")}` : undefined;
}
