/** Policies of kyverno.io as those of perennial.dev/v1, with notes for what needs a look. */

import { asJson, groupOf, type JsonObject } from "../object/index.ts";
import { convertPolicy, parsePolicy, printIssue, writeOutDefaults } from "../policy/index.ts";
import { type FileText, parseDocuments } from "./documents.ts";
import { InputError } from "./input-error.ts";
import { KYVERNO, splitDocuments } from "./policies.ts";

export type Migrated = { policies: readonly JsonObject[]; notes: readonly string[] };

/** Throws InputError. */
export function migrateFiles(files: readonly FileText[]): Migrated {
  const { documents, problems } = parseDocuments(files);
  if (problems.length > 0) throw new InputError(problems);
  const found = splitDocuments(documents).policies.filter(({ object }) => groupOf(object.apiVersion) === KYVERNO);
  if (found.length === 0) throw new InputError(["there is no policy of kyverno.io in the files"]);
  const migrated = found.map(({ origin, object }) => {
    const { policy: converted, notes } = convertPolicy(asJson(object));
    const policy = writeOutDefaults(converted);
    const name = `${origin}: ${object.kind} ${object.metadata.name}`;
    if (isEmpty(policy)) return { policies: [], notes: [...notes, EMPTY].map((note) => `${name}: ${note}`) };
    return { policies: [policy], notes: [...notes, ...whyRefused(policy)].map((note) => `${name}: ${note}`) };
  });
  return { policies: migrated.flatMap(({ policies }) => policies), notes: migrated.flatMap(({ notes }) => notes) };
}

const EMPTY = "is left out: it has no rule that generates or mutates";

function isEmpty({ spec }: JsonObject): boolean {
  return (spec as { rules: unknown[] }).rules.length === 0; // as the conversion makes it
}

/** What this version would say to it. */
function whyRefused(policy: JsonObject): string[] {
  const parsed = parsePolicy(policy);
  return "issues" in parsed ? parsed.issues.map((issue) => `is refused as it stands: ${printIssue(issue)}`) : [];
}
