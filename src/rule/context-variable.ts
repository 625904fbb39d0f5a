/** context.variable: a value, or an expression over it or over what is known so far. */

import type { Bindings } from "../expression/index.ts";
import type { ContextEntry } from "../policy/index.ts";
import type { BlockScope } from "./block-scope.ts";
import { expressionFailed, failed } from "./failed.ts";
import type { Evaluable, Scope } from "./scope.ts";
import type { Source } from "./source.ts";
import type { Value } from "./value.ts";

type Variable = NonNullable<ContextEntry["variable"]>;

/** Undefined when there are issues, which are noted. */
export function compileVariableEntry(variable: Variable, { path, roots, build }: BlockScope): Source | undefined {
  const before = build.issues.length;
  const value = variable.value === undefined ? undefined : build.template(variable.value, `${path}.value`, roots);
  const onValue = value !== undefined;
  const expression =
    variable.jmesPath === undefined
      ? undefined
      : build.expression(variable.jmesPath, `${path}.jmesPath`, { roots, onValue });
  const fallback =
    variable.default === undefined ? undefined : build.template(variable.default, `${path}.default`, roots);
  if (build.issues.length > before) return undefined;
  return {
    uses: new Set([value, expression, fallback].flatMap((part) => [...(part?.reads ?? [])])),
    load(scope, bindings) {
      const found = value === undefined ? undefined : scope.evaluateWith(value, bindings);
      if (found?.ok === false) return found;
      const result = expression === undefined ? found : applied(expression, { scope, bindings, value: found?.value });
      return orDefault(result, fallback, { path, scope, bindings });
    },
  };
}

type Expression = NonNullable<ReturnType<BlockScope["build"]["expression"]>>;
type Given = { scope: Scope; bindings: Bindings; value: Parameters<Expression["evaluate"]>[2] | undefined };

function applied(expression: Expression, { scope, bindings, value }: Given): Value {
  const { environment } = scope;
  const result =
    value === undefined
      ? expression.evaluate(bindings, environment)
      : expression.evaluate(bindings, environment, value);
  return result.ok ? result : expressionFailed(result.error);
}

/** Null and an error of the expression give the default; null without one is nothing that an expression could mean. */
function orDefault(
  result: Value | undefined,
  fallback: Evaluable | undefined,
  { path, scope, bindings }: { path: string; scope: Scope; bindings: Bindings },
): Value {
  if (result?.ok === true && result.value !== null) return result;
  if (result?.ok === false && fallback === undefined) return result;
  const value = fallback === undefined ? undefined : scope.evaluateWith(fallback, bindings);
  if (value !== undefined && (!value.ok || value.value !== null)) return value;
  return failed("ExpressionFailed", `${path} gives null; give it a default, or let its expression end in || 'default'`);
}
