/**
 * Writes crds/*.yaml from the schemas in src/policy; with --check it only compares, and exits 1 naming the stale files.
 * It stands here and not in src/ because the program never needs it: only builds and tests do.
 */

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import type { Json } from "../src/object/index.ts";
import { customResourceDefinition, definitionFile, POLICY_KINDS, type PolicyKind } from "../src/policy/index.ts";

const ROOT = join(import.meta.dirname, "..");
const FOLDER = join(ROOT, "crds");

/** kubectl's client-side apply keeps the whole object in an annotation of at most 256 KiB; this leaves room for growth. */
const MAX_BYTES = 150 * 1024;

const HEADER = "# Generated from src/policy by `make crds`: change the schemas there, not this file.\n";

function writeFiles(): number {
  mkdirSync(FOLDER, { recursive: true });
  for (const kind of POLICY_KINDS) writeFileSync(fileOf(kind), render(kind));
  return 0;
}

function checkFiles(): number {
  const stale = POLICY_KINDS.filter((kind) => read(fileOf(kind)) !== render(kind)).map(fileOf);
  for (const file of stale) console.error(`${relative(ROOT, file)} is stale: run \`make crds\` and commit the result`);
  return stale.length === 0 ? 0 : 1;
}

function fileOf(kind: PolicyKind): string {
  return join(FOLDER, definitionFile(kind));
}

function render(kind: PolicyKind): string {
  const yaml = `${HEADER}${printYaml(customResourceDefinition(kind)).trimStart()}\n`;
  const bytes = Buffer.byteLength(yaml);
  if (bytes > MAX_BYTES)
    throw new Error(`${definitionFile(kind)} has ${bytes} bytes, more than ${MAX_BYTES}: shorten it`);
  return yaml;
}

/** Whatever fits on a line stands on one, as JSON, which YAML contains; the usual layout would take twice the bytes. */
const LINE = 360;

function printYaml(value: Json, depth = 0): string {
  const line = JSON.stringify(value);
  if (value === null || typeof value !== "object" || line.length <= LINE) return ` ${line}`;
  const start = `\n${" ".repeat(depth)}`;
  if (Array.isArray(value)) return value.map((item) => `${start}-${printYaml(item, depth + 1)}`).join("");
  return Object.entries(value)
    .map(([key, child]) => `${start}${key}:${printYaml(child, depth + 1)}`)
    .join("");
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined; // a missing file is as stale as one can be
  }
}

process.exitCode = process.argv.includes("--check") ? checkFiles() : writeFiles();
