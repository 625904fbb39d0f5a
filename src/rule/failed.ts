/** Nobody can say what is desired, and why. */

import type { ExpressionError } from "../expression/index.ts";
import type { Reason } from "../policy/index.ts";

export type Failed = { ok: false; reason: Reason; message: string };

export function failed(reason: Reason, message: string): Failed {
  return { ok: false, reason, message };
}

export function expressionFailed({ path, message }: ExpressionError): Failed {
  return failed("ExpressionFailed", `${path}: ${message}`);
}
