/** Before the suite: the program is built from the sources as they are, so that no test runs yesterday's. */

import { execFileSync } from "node:child_process";
import { ROOT } from "./cluster.ts";

export function setup(): void {
  execFileSync("make", ["--no-print-directory", "build"], { cwd: ROOT, stdio: "inherit" });
}
