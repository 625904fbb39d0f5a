export { withRoots } from "./bindings.ts";
export { holdsCondition, isOperator, OPERATORS, type Operator } from "./condition.ts";
export { type CompiledExpression, compileExpression, type Expression } from "./expression.ts";
export { type ImageReference, parseImage, printImage } from "./image.ts";
export { readYaml, readYamlDocuments } from "./jmespath/index.ts";
export type {
  Bindings,
  Budget,
  CompileOptions,
  Environment,
  Evaluated,
  ExpressionError,
  ExpressionIssue,
  HashAlgorithm,
} from "./language.ts";
export { matchesPattern } from "./pattern.ts";
export { withoutAnchor } from "./reference.ts";
export { hasVariables, splitTemplate } from "./split.ts";
export { type CompiledTemplate, compileTemplate, type Template } from "./template.ts";
export { findVariables, type Piece } from "./variables.ts";
export { compileWildcard, hasWildcard, matchesWildcard } from "./wildcard.ts";
