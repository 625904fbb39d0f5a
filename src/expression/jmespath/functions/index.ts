/** The two function tables: the built-ins of the specification, and what policies see. */

import { arithmeticFunctions } from "./arithmetic.ts";
import { collectionFunctions } from "./collections.ts";
import { encodingFunctions } from "./encoding.ts";
import { formatFunctions } from "./formats.ts";
import { listFunctions } from "./lists.ts";
import { patternFunctions } from "./patterns.ts";
import type { FunctionSpec, FunctionTable } from "./signature.ts";
import { standardFunctions } from "./standard.ts";
import { textFunctions } from "./text.ts";
import { timeFunctions } from "./time.ts";
import { totalFunctions } from "./totals.ts";

export { Arguments, describe, type FunctionSpec, type FunctionTable, type Parameter } from "./signature.ts";

const shared = [...standardFunctions, ...collectionFunctions];

export const specificationFunctions: FunctionTable = tableOf([...shared, ...totalFunctions]);

export const policyFunctions: FunctionTable = tableOf([
  ...shared,
  ...arithmeticFunctions,
  ...encodingFunctions,
  ...formatFunctions,
  ...listFunctions,
  ...patternFunctions,
  ...textFunctions,
  ...timeFunctions,
]);

function tableOf(functions: readonly FunctionSpec[]): FunctionTable {
  return new Map(functions.map((spec) => [spec.name, spec]));
}
