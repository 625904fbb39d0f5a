/** YAML as the Kubernetes tools read it: the words and numbers of YAML 1.1, dates and times as text, JSON out. */

import { FAILSAFE_SCHEMA, load, loadAll, Type } from "js-yaml";
import type { Json } from "../../object/index.ts";

const TRUE = /^(yes|Yes|YES|true|True|TRUE|on|On|ON)$/;
const FALSE = /^(no|No|NO|false|False|FALSE|off|Off|OFF)$/;
const INTEGER = /^[-+]?(0b[01_]+|0o?[0-7_]+|0x[0-9a-fA-F_]+|[1-9][0-9_]*|0)$/;
const FLOAT = /^[-+]?(\.[0-9_]+|[0-9][0-9_]*(\.[0-9_]*)?)([eE][-+]?[0-9]+)?$/;

const boolean = new Type("tag:yaml.org,2002:bool", {
  kind: "scalar",
  resolve: (text: unknown) => typeof text === "string" && (TRUE.test(text) || FALSE.test(text)),
  construct: (text: string) => TRUE.test(text),
});

const integer = new Type("tag:yaml.org,2002:int", {
  kind: "scalar",
  resolve: (text: unknown) => typeof text === "string" && INTEGER.test(text) && readInteger(text) !== undefined,
  construct: (text: string) => readInteger(text) ?? 0,
});

const float = new Type("tag:yaml.org,2002:float", {
  kind: "scalar",
  resolve: (text: unknown) => typeof text === "string" && FLOAT.test(text),
  construct: (text: string) => Number(text.replaceAll("_", "")),
});

const nothing = new Type("tag:yaml.org,2002:null", {
  kind: "scalar",
  resolve: (text: unknown) => text === null || (typeof text === "string" && /^(~|null|Null|NULL|)$/.test(text)),
  construct: () => null,
});

/** `<<: *anchor` takes over another map's keys. */
const merge = new Type("tag:yaml.org,2002:merge", { kind: "scalar", resolve: (text: unknown) => text === "<<" });

const schema = FAILSAFE_SCHEMA.extend({ implicit: [nothing, boolean, integer, float, merge] });

export function readYaml(text: string): { readonly value: Json } | { readonly problem: string } {
  try {
    const value: unknown = load(text, { schema, json: true });
    return { value: value === undefined ? null : (value as Json) }; // The schema makes nothing but JSON.
  } catch (error) {
    return { problem: `is not YAML: ${error instanceof Error ? firstLine(error.message) : "it cannot be read"}` };
  }
}

/** Every document of a file, where a key given twice is a mistake. */
export function readYamlDocuments(text: string): { readonly values: readonly Json[] } | { readonly problem: string } {
  try {
    const values: unknown[] = loadAll(text, null, { schema });
    return { values: values.map((value) => (value === undefined ? null : (value as Json))) }; // as above
  } catch (error) {
    return { problem: `is not YAML: ${error instanceof Error ? firstLine(error.message) : "it cannot be read"}` };
  }
}

function firstLine(message: string): string {
  return message.split("\n", 1)[0] ?? message;
}

/** `014` is 12, `0x10` is 16, `1_000` is 1000; all digits of a large decimal one are kept. */
function readInteger(text: string): number | bigint | undefined {
  const sign = text.startsWith("-") ? -1 : 1;
  const plain = text.replaceAll(/[_+-]/g, "");
  const octal = /^0o?([0-7]+)$/.exec(plain)?.[1];
  const value = octal === undefined ? Number(plain) : Number.parseInt(octal, 8);
  if (!Number.isSafeInteger(value) && /^\d+$/.test(plain) && octal === undefined) return BigInt(sign) * BigInt(plain);
  return Number.isFinite(value) ? sign * value : undefined;
}
