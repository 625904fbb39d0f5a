/** What a command may do besides reading files: print, tell the time, and say how the process ends. */

export type Terminal = {
  out(text: string): void;
  err(text: string): void;
  exit(code: number): void;
  now(): Date;
};

export const OK = 0;
export const FOUND = 1;
export const FAILED = 2;
