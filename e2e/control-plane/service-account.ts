/** A token of a service account, as the API server gives it to pods. */
import type { ApiRequest } from "./api-request.ts";

export interface ServiceAccount {
  readonly namespace: string;
  readonly serviceAccount: string;
}

const day = 24 * 3600;

/** Asks the API server for a token that is good for a day. The service account must exist. */
export async function requestToken(
  request: ApiRequest,
  { namespace, serviceAccount }: ServiceAccount,
): Promise<string> {
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${serviceAccount}/token`;
  const { status, body } = await request("POST", path, {
    apiVersion: "authentication.k8s.io/v1",
    kind: "TokenRequest",
    spec: { expirationSeconds: day },
  });
  // The answer of the API server to a TokenRequest; anything else leaves the token undefined.
  const token = (body as { status?: { token?: unknown } } | undefined)?.status?.token;
  if (status === 201 && typeof token === "string") return token;
  const reason = JSON.stringify(body);
  throw new Error(`no token for service account ${namespace}/${serviceAccount}: ${status} ${reason}`);
}
