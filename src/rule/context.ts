/** context: named values that the expressions of a rule may use. An entry is loaded when an expression names it. */

import type { ContextEntry as WrittenEntry } from "../policy/index.ts";
import type { BlockScope } from "./block-scope.ts";
import { compileApiCallEntry } from "./context-api-call.ts";
import { compileConfigMapEntry } from "./context-config-map.ts";
import { compileVariableEntry } from "./context-variable.ts";
import { type CompiledContext, type ContextEntry, NO_CONTEXT } from "./scope.ts";
import type { Source } from "./source.ts";

/** Issues are noted. `roots`: the names that are known before the first entry. */
export function compileContext(
  entries: readonly WrittenEntry[] | undefined,
  { path, roots, build }: BlockScope,
): CompiledContext {
  if (entries === undefined || entries.length === 0) return NO_CONTEXT;
  const names = new Set<string>();
  const compiled: ContextEntry[] = [];
  let shadows = false;
  entries.forEach((entry, i) => {
    const known = new Set([...roots, ...names]);
    const source = compileSource(entry, { path: `${path}[${i}]`, roots: known, build });
    if (source !== undefined) compiled.push({ name: entry.name, ...source });
    shadows ||= known.has(entry.name);
    names.add(entry.name);
  });
  return { entries: compiled, names, shadows };
}

function compileSource(entry: WrittenEntry, { path, roots, build }: BlockScope): Source | undefined {
  const { configMap, apiCall, variable } = entry;
  if (configMap !== undefined) return compileConfigMapEntry(configMap, { path: `${path}.configMap`, roots, build });
  if (apiCall !== undefined) return compileApiCallEntry(apiCall, { path: `${path}.apiCall`, roots, build });
  if (variable !== undefined) return compileVariableEntry(variable, { path: `${path}.variable`, roots, build });
  return undefined; // the schema refuses every other one
}
