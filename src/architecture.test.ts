/**
 * The shape of the program, read from its imports: nouns are pure and look one way, folders are entered through their
 * index.ts, nothing goes in circles. A failure names file and line.
 */

import { readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { describe, expect, it } from "vitest";

/** Pure folders; each may import those before it. */
const NOUNS = ["object", "policy", "expression", "rule", "state", "plan", "webhook"];
/** Folders that do I/O, and the folders each may import besides the nouns. */
const VERBS: Readonly<Record<string, readonly string[]>> = {
  cluster: [],
  watch: ["cluster"],
  apply: ["cluster"],
  report: ["cluster"],
  listen: [],
};
const DOORS = ["operator", "admission", "cli"];

/** Packages that compute and do no I/O. */
const PURE_PACKAGES = ["zod", "re2js", "js-yaml", "asn1js"];
/** Who may use the packages that do: nobody else has to change when one of them is replaced. */
const HOMES: Readonly<Record<string, readonly string[]>> = {
  "@kubernetes/client-node": ["cluster"],
  undici: ["cluster"],
  rxjs: ["watch", "operator"],
  pino: ["telemetry"],
  "pino-pretty": ["telemetry"],
  "prom-client": ["telemetry"],
  commander: ["operator", "cli", ""],
  "@peculiar/x509": ["admission"],
};
const MAY_DIGEST = "object/digest.ts";

const IMPURE = [
  [
    "the clock",
    /\bDate\.now\b|\bnew Date\(\s*\)|\bnew Date\b(?!\s*\()|(?<!new )\bDate\(|\bperformance\b|\bTemporal\.Now\b/,
  ],
  ["randomness", /\bMath\.random\b|\bcrypto\./],
  ["the process", /\bprocess\.|\bconsole\./],
  ["timers", /\b(?:setTimeout|setInterval|setImmediate|queueMicrotask)\b/],
  ["the network", /\bfetch\(/],
  ["an import or a global that cannot be checked", /\brequire\(|\bimport\(|\bimport\.meta\b|\bglobalThis\b/],
] as const;

type Sources = ReadonlyMap<string, string>;

/** Each way in which the files (path below src -> text) break the rules, as `file:line: what`. */
function checkArchitecture(sources: Sources): string[] {
  const imports = [...sources].flatMap(([file, text]) => importsOf(file, text));
  return [
    ...imports.flatMap((found) => whyForbidden(found).map((why) => `${found.file}:${found.line}: ${why}`)),
    ...[...sources].flatMap(([file, text]) => (isNoun(file) && !isTest(file) ? impurities(file, text) : [])),
    ...cycles(imports),
  ];
}

type Import = { file: string; line: number; from: string };

const IMPORT = /\b(?:import|export)\b(?:[^;"'()=]*\bfrom)?\s*["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']/g;

function importsOf(file: string, text: string): Import[] {
  const code = blank(text, /"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|(\/\/[^\n]*|\/\*[\s\S]*?\*\/)/g);
  return [...code.matchAll(IMPORT)].map((match) => ({
    file,
    line: lineAt(code, match.index + match[0].length),
    from: match[1] ?? match[2] ?? "",
  }));
}

function whyForbidden({ file, from }: Import): string[] {
  if (from.startsWith(".")) return whyForbiddenPath(file, resolvePath(file, from), from);
  if (isTest(file)) return [];
  const name = from.startsWith("node:") ? from : from.split("/", from.startsWith("@") ? 2 : 1).join("/");
  if (isNoun(file) && !PURE_PACKAGES.includes(name) && !(file === MAY_DIGEST && name === "node:crypto"))
    return [`a noun does no I/O, so it must not import ${from}`];
  const homes = HOMES[name];
  return homes === undefined || homes.includes(folderOf(file)) ? [] : [`${from} is for ${homes.join(", ")} only`];
}

function whyForbiddenPath(file: string, target: string, from: string): string[] {
  const [own, other] = [folderOf(file), folderOf(target)];
  const problems = own === other || mayImport(own, other) ? [] : [`${own} must not import ${other || target}`];
  const door = entranceOf(file, target);
  return door === undefined || door === target ? problems : [...problems, `${from} goes past ${door}`];
}

function mayImport(own: string, other: string): boolean {
  if (other === "") return false; // main.ts and this test are nobody's business
  if (own === "") return true;
  if (NOUNS.includes(own)) return NOUNS.slice(0, NOUNS.indexOf(own)).includes(other);
  if (DOORS.includes(own)) return !DOORS.includes(other);
  const verbs = VERBS[own];
  return verbs !== undefined && (NOUNS.includes(other) || verbs.includes(other));
}

/** The index.ts of the outermost folder that holds the target and not the file. */
function entranceOf(file: string, target: string): string | undefined {
  const folders = posix.dirname(target).split("/");
  for (let depth = 1; depth <= folders.length && folders[0] !== "."; depth++) {
    const folder = folders.slice(0, depth).join("/");
    if (!file.startsWith(`${folder}/`)) return `${folder}/index.ts`;
  }
  return undefined;
}

function impurities(file: string, text: string): string[] {
  const code = blank(text, /(\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')/g);
  return code
    .split("\n")
    .flatMap((line, i) =>
      IMPURE.filter(([, pattern]) => pattern.test(line)).map(
        ([what]) => `${file}:${i + 1}: a noun must not use ${what}; take it as a parameter`,
      ),
    );
}

/** One line for each circle of files. */
function cycles(imports: readonly Import[]): string[] {
  const edges = new Map<string, Import[]>();
  for (const found of imports)
    if (found.from.startsWith(".")) edges.set(found.file, [...(edges.get(found.file) ?? []), found]);
  const done = new Set<string>();
  const visit = (file: string, path: readonly Import[]): string[] => {
    const start = path.findIndex((step) => step.file === file);
    if (start >= 0) {
      const circle = path.slice(start);
      return [`${file}:${circle[0]?.line}: a circle: ${[...circle.map((step) => step.file), file].join(" -> ")}`];
    }
    if (done.has(file)) return [];
    const found = (edges.get(file) ?? []).flatMap((edge) => visit(resolvePath(file, edge.from), [...path, edge]));
    done.add(file);
    return found;
  };
  return [...edges.keys()].flatMap((file) => visit(file, []));
}

/** Replaces what the first group matched by spaces, so that lines keep their numbers. */
function blank(text: string, pattern: RegExp): string {
  return text.replace(pattern, (all, group: string | undefined) =>
    group === undefined ? all : all.replace(/[^\n]/g, " "),
  );
}

function lineAt(text: string, index: number): number {
  return text.slice(0, index).split("\n").length;
}

function resolvePath(file: string, from: string): string {
  return posix.join(posix.dirname(file), from);
}

function folderOf(file: string): string {
  return file.includes("/") ? file.slice(0, file.indexOf("/")) : "";
}

function isNoun(file: string): boolean {
  return NOUNS.includes(folderOf(file));
}

function isTest(file: string): boolean {
  return /\.(?:test|fixture)\.ts$/.test(file);
}

function readSources(): Sources {
  const files = readdirSync(import.meta.dirname, { recursive: true, encoding: "utf8" })
    .map((file) => file.replaceAll("\\", "/"))
    .filter((file) => file.endsWith(".ts") && file !== "architecture.test.ts");
  return new Map(files.map((file) => [file, readFileSync(join(import.meta.dirname, file), "utf8")]));
}

describe("the architecture", () => {
  it("holds", () => {
    expect(checkArchitecture(readSources())).toEqual([]);
  });

  it("is checked in every folder of src, and on real imports", () => {
    const sources = readSources();
    const folders = new Set([...sources.keys()].map(folderOf));
    expect([...folders]).toEqual(expect.arrayContaining([...NOUNS, ...Object.keys(VERBS), "telemetry", "operator"]));
    const imports = [...sources].flatMap(([file, text]) => importsOf(file, text));
    expect(imports.length).toBeGreaterThan(sources.size);
  });
});

describe("the check of the architecture", () => {
  it.each([
    ["plan/a.ts", 'import { readFileSync } from "node:fs";', "a noun does no I/O"],
    ["plan/a.ts", 'import type { Log } from "pino";', "a noun does no I/O"],
    ["state/a.ts", 'import { Subject } from "rxjs";', "a noun does no I/O"],
    ["rule/a.ts", 'import "undici";', "a noun does no I/O"],
    ["object/a.ts", 'import { createHash } from "node:crypto";', "a noun does no I/O"],
    ["object/a.ts", 'import { keyOf } from "../policy/index.ts";', "object must not import policy"],
    ["rule/a.ts", 'export { planClaim } from "../plan/index.ts";', "rule must not import plan"],
    ["plan/a.ts", 'import { applyObject } from "../cluster/index.ts";', "plan must not import cluster"],
    ["cluster/a.ts", 'import { reflect } from "../watch/index.ts";', "cluster must not import watch"],
    ["telemetry/a.ts", 'import { keyOf } from "../object/index.ts";', "telemetry must not import object"],
    ["report/a.ts", 'import { Registry } from "prom-client";', "prom-client is for telemetry only"],
    ["operator/a.ts", 'import "../main.ts";', "operator must not import main.ts"],
    ["plan/a.ts", 'import { keyOf } from "../object/reference.ts";', "goes past object/index.ts"],
    ["main.ts", 'import { lex } from "./expression/jmespath/lex.ts";', "goes past expression/index.ts"],
    ["expression/a.ts", 'import { lex } from "./jmespath/lex.ts";', "goes past expression/jmespath/index.ts"],
    ["plan/a.ts", "const now = Date.now();", "the clock"],
    ["plan/a.ts", "const now = new Date();", "the clock"],
    ["plan/a.ts", "const now = performance.now();", "the clock"],
    ["plan/a.ts", "const text = `at $" + "{new Date()}`;", "the clock"],
    ["state/a.ts", "const id = Math.random();", "randomness"],
    ["rule/a.ts", "const home = process.env.HOME;", "the process"],
    ["state/a.ts", "setTimeout(run, 10);", "timers"],
    ["policy/a.ts", 'const fs = await import("node:fs");', "a noun does no I/O"],
    ["policy/a.ts", "const fs = require(name);", "cannot be checked"],
  ])("refuses in %s: %s", (file, line, problem) => {
    const found = checkArchitecture(new Map([[file, `// first line\n\n${line}\n`]]));
    expect(found).not.toEqual([]);
    expect(found[0]).toMatch(new RegExp(`^${file}:3: `));
    expect(found.join("\n")).toContain(problem);
  });

  it("gives the line where an import of several lines ends", () => {
    expect(checkArchitecture(new Map([["plan/a.ts", 'import {\n  a,\n} from "../apply/index.ts";']]))).toEqual([
      "plan/a.ts:3: plan must not import apply",
    ]);
  });

  it("finds circles, also of types", () => {
    const sources = new Map([
      ["plan/a.ts", 'import { b } from "./b.ts";'],
      ["plan/b.ts", 'import { c } from "./c.ts";'],
      ["plan/c.ts", '\nimport type { A } from "./a.ts";'],
    ]);
    expect(checkArchitecture(sources)).toEqual([
      "plan/a.ts:1: a circle: plan/a.ts -> plan/b.ts -> plan/c.ts -> plan/a.ts",
    ]);
  });

  it.each([
    ["plan/a.ts", 'import { keyOf } from "../object/index.ts";'],
    ["policy/a.ts", 'import { z } from "zod";'],
    ["object/digest.ts", 'import { createHash } from "node:crypto";'],
    ["plan/a.test.ts", 'import { readFileSync } from "node:fs";\nconst now = Date.now();'],
    ["plan/a.ts", "const time = new Date(stored);"],
    ["plan/a.ts", "// Date.now() and import('node:fs') are for others"],
    ["plan/a.ts", 'const message = "the process. Date.now()";'],
    ["expression/jmespath/a.ts", 'import type { Bindings } from "../language.ts";'],
    ["operator/a.ts", 'import { planClaim } from "../plan/index.ts";'],
    ["main.ts", 'import { createOperator } from "./operator/index.ts";'],
  ])("allows in %s: %s", (file, text) => {
    expect(checkArchitecture(new Map([[file, text]]))).toEqual([]);
  });
});
