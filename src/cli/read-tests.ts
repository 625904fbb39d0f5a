/** Offline tests and the files that they name. */

import { dirname, isAbsolute, join } from "node:path";
import { readYamlDocuments } from "../expression/index.ts";
import { isJsonObject, type JsonObject } from "../object/index.ts";
import { type Document, parseDocuments } from "./documents.ts";
import { InputError } from "./input-error.ts";
import { splitDocuments } from "./policies.ts";
import { readFiles, readText } from "./read-files.ts";
import type { OfflineTest } from "./run-test.ts";
import { parseTestFile, type TestFile } from "./test-file.ts";
import { readTestUser } from "./test-user.ts";
import { readTestValues } from "./test-values.ts";

const NAMES = /(?:^|[/\\])(?:kyverno|perennial)-test\.ya?ml$/;

/** The test files among paths; a file that is named itself counts whatever its name. Throws InputError. */
export function findTests(paths: readonly string[]): string[] {
  const files = paths.flatMap((path) => {
    const found = readFiles([path]).map((file) => file.path);
    return found.filter((file) => file === path || NAMES.test(file));
  });
  if (files.length > 0) return [...new Set(files)];
  throw new InputError([`there is no kyverno-test.yaml or perennial-test.yaml in ${paths.join(", ")}`]);
}

/** Throws InputError for what cannot be read or understood. */
export function readTest(path: string, now: Date): OfflineTest {
  const parsed = parseTestFile(documentIn(path));
  if ("problems" in parsed) throw new InputError(parsed.problems.map((problem) => `${path}: ${problem}`));
  const { test: file } = parsed;
  const inFolder = (name: string): string => (isAbsolute(name) ? name : join(dirname(path), name));
  const { policies, resources } = splitDocuments(
    documentsOf([...file.policies, ...file.resources, ...file.targetResources].map(inFolder)),
  );
  return {
    file,
    policies,
    resources,
    values: readTestValues([valuesOf(file, inFolder), file.values]),
    ...(file.userInfo === undefined ? {} : { user: readTestUser(documentIn(inFolder(file.userInfo))) }),
    documentsOf: (name) => documentsOf([inFolder(name)]),
    now,
  };
}

function documentIn(path: string): JsonObject {
  const read = readYamlDocuments(readText(path));
  if ("problem" in read) throw new InputError([`${path}: ${read.problem}`]);
  const [document] = read.values;
  if (isJsonObject(document)) return document;
  throw new InputError([`${path}: holds no fields`]);
}

function valuesOf({ variables }: TestFile, inFolder: (name: string) => string): JsonObject | undefined {
  return variables === undefined ? undefined : documentIn(inFolder(variables));
}

function documentsOf(paths: readonly string[]): readonly Document[] {
  const { documents, problems } = parseDocuments(readFiles(paths));
  if (problems.length > 0) throw new InputError(problems);
  return documents;
}
