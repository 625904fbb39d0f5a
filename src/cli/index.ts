export { offlineCommands } from "./offline-commands.ts";
export type { Terminal } from "./terminal.ts";
