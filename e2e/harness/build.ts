/** Before the suite: the program is built from the sources as they are, so that no test runs yesterday's. */

import { execFileSync } from "node:child_process";
import { ROOT } from "./cluster.ts";

export function setup(): void {
  execFileSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "tsconfig.build.json"], {
    cwd: ROOT,
    stdio: "inherit",
  });
}
