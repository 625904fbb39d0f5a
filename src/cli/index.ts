export { offlineCommands } from "./offline-commands.ts";
export type { PlanReport } from "./plan-report.ts";
export type { Terminal } from "./terminal.ts";
