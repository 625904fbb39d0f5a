export { withRoots } from "./bindings.ts";
export { type CompiledOrIssue, compileExpression, type Expression } from "./expression.ts";
export type {
  Bindings,
  CompileOptions,
  Environment,
  Evaluated,
  ExpressionError,
  ExpressionIssue,
  HashAlgorithm,
} from "./language.ts";
export { type CompiledTemplate, compileTemplate, type Template } from "./template.ts";
export { compileWildcard, hasWildcard, matchesWildcard } from "./wildcard.ts";
