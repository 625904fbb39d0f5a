export { DEFAULT_SYSTEM_NAMESPACES, type OperatorFlags, operatorCommand } from "./flags.ts";
export { type HealthServer, startHealthServer } from "./health.ts";
export { createOperator, type Operator } from "./operator.ts";
export type { OperatorOptions } from "./options.ts";
export type { OperatorView } from "./view.ts";
