export { explainCommand } from "./explain.ts";
export { planCommand } from "./plan.ts";
export { testCommand } from "./test.ts";
