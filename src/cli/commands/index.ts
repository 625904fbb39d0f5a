export { explainCommand } from "./explain.ts";
export { migrateCommand } from "./migrate.ts";
export { planCommand } from "./plan.ts";
export { testCommand } from "./test.ts";
