/** Structured logs: JSON lines, or readable text on a terminal. Field names are kept here, so that they stay the same. */

import { type Logger, pino } from "pino";
import pretty from "pino-pretty";

export const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
export type Log = Logger;

/** Writes to stdout at once: lines must not be lost when the process is killed. */
export function createLog(level: LogLevel): Log {
  const options = { level, base: null, timestamp: () => `,"time":"${new Date().toISOString()}"` };
  return process.stdout.isTTY ? pino(options, pretty({ sync: true })) : pino(options, pino.destination({ sync: true }));
}
