/** One request to the API server, with nothing in between that caches, retries or interprets. */
import { Agent, request } from "undici";

export interface ApiAccess {
  readonly url: string;
  /** PEM. */
  readonly authority: string;
  readonly token: string;
}

export interface ApiAnswer {
  readonly status: number;
  /** Parsed if it is JSON, else the text. */
  readonly body: unknown;
}

export type ApiRequest = (
  method: "GET" | "POST" | "PUT" | "DELETE",
  path: string,
  body?: unknown,
) => Promise<ApiAnswer>;

/** Rejects only when there is no answer: refused connection, foreign certificate, 10 s of silence. */
export function makeApiRequest({ url, authority, token }: ApiAccess): ApiRequest {
  // A connection per request: none outlives a restart of the API server.
  const dispatcher = new Agent({ connect: { ca: authority }, pipelining: 0 });
  return async (method, path, body) => {
    const answer = await request(`${url}${path}`, {
      dispatcher,
      method,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json", accept: "application/json" },
      signal: AbortSignal.timeout(10_000),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: answer.statusCode, body: parse(await answer.body.text()) };
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
