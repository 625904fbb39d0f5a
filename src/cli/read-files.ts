/** Texts of the files that a command line names: files, folders with all below them, `-` for what is piped in. */

import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { FileText } from "./documents.ts";
import { InputError } from "./input-error.ts";

const STDIN = 0;

/** Throws InputError for a path that cannot be read. */
export function readFiles(paths: readonly string[]): FileText[] {
  return paths.flatMap((path) => {
    if (path === "-") return [{ path: "standard input", text: readFileSync(STDIN, "utf8") }];
    return filesBelow(path).map((file) => ({ path: file, text: readText(file) }));
  });
}

export function readText(path: string): string {
  return readable(path, () => readFileSync(path, "utf8"));
}

function filesBelow(path: string): string[] {
  return readable(path, () => {
    if (!statSync(path).isDirectory()) return [path];
    const names = readdirSync(path, { recursive: true, encoding: "utf8" }).filter(isManifest).sort();
    return names.map((name) => join(path, name));
  });
}

/** Not in folders that tools keep for themselves, such as .git. */
function isManifest(name: string): boolean {
  return /\.(?:ya?ml|json)$/.test(name) && !/(?:^|[/\\])\./.test(name);
}

function readable<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    const why = { ENOENT: "does not exist", EACCES: "may not be read" }[code] ?? `cannot be read: ${error}`;
    throw new InputError([`${path} ${why}`]);
  }
}
