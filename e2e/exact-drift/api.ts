/** Requests of somebody who may do everything, with every method and in every form that the API server takes. */

import { readFile } from "node:fs/promises";
import { Pool } from "undici";
import type { Json } from "../../src/object/index.ts";
import type { ControlPlane } from "../control-plane/index.ts";

export type Request = {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  path: string;
  query?: { [name: string]: string };
  /** Text is sent as it stands: some things cannot be said by values of JavaScript. */
  body?: Json | string;
  contentType?: string;
};

/** Every status is an answer. */
export type Answer = { status: number; body: Json };

export interface Api {
  send(request: Request): Promise<Answer>;
  close(): Promise<void>;
}

const CONNECTIONS = 16;
const TIMEOUT = 30_000;

export async function connectApi({ url, caFile, token }: ControlPlane): Promise<Api> {
  const ca = await readFile(caFile, "utf8");
  const pool = new Pool(url, { connect: { ca }, connections: CONNECTIONS, allowH2: false });
  return {
    async send({ method, path, query = {}, body, contentType = "application/json" }) {
      const answer = await pool.request({
        method,
        path,
        query,
        headers: {
          authorization: `Bearer ${token}`,
          accept: "application/json",
          ...(body === undefined ? {} : { "content-type": contentType }),
        },
        body: body === undefined ? null : typeof body === "string" ? body : JSON.stringify(body),
        signal: AbortSignal.timeout(TIMEOUT),
      });
      return { status: answer.statusCode, body: parseExactly(await answer.body.text()) };
    },
    close: () => pool.destroy(),
  };
}

/** Integers that a number of JavaScript cannot hold are kept as text, so that none equals its neighbour. */
export function parseExactly(text: string): Json {
  return JSON.parse(text, (_key, value: Json, context?: { source?: string }) =>
    typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value)
      ? `integer ${context?.source}`
      : value,
  );
}

export function isSuccess({ status }: Answer): boolean {
  return status >= 200 && status < 300;
}
