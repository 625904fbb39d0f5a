/** What an expression gives: a value, or why there is none. */

import type { Json } from "../object/index.ts";
import type { Failed } from "./failed.ts";

export type Value = { ok: true; value: Json } | Failed;
