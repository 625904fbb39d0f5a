/** perennial plan: what policies would do to the objects of files. */

import { Command, Option } from "commander";
import { noteAssumptions } from "../assumptions.ts";
import type { FileText } from "../documents.ts";
import { type Loaded, loadWorld } from "../load.ts";
import { maskFor } from "../mask-for.ts";
import { planOffline } from "../offline-plan.ts";
import { type FileFlags, filesOption, installationOption, SYSTEM_NAMESPACES } from "../options.ts";
import { exitCodeOf, type PlanReport, reportPlan } from "../plan-report.ts";
import { printPlan } from "../print-plan.ts";
import { readFiles } from "../read-files.ts";
import { runCommand } from "../run-command.ts";
import type { Terminal } from "../terminal.ts";

type PlanFlags = FileFlags & { output: "text" | "json" };

export function planCommand(terminal: Terminal): Command {
  return new Command("plan")
    .description("says what policies would make, change and delete, and why; nothing is written")
    .addOption(filesOption())
    .addOption(new Option("-o, --output <format>", "how the plan is printed").choices(["text", "json"]).default("text"))
    .addOption(installationOption())
    .action((flags: PlanFlags) => runCommand(terminal, () => plan(flags, terminal)));
}

function plan({ filename, output, installation }: PlanFlags, terminal: Terminal): number {
  const report = planFiles(readFiles(filename), { installation, now: terminal.now() });
  terminal.out(output === "json" ? `${JSON.stringify(report, null, 2)}\n` : printPlan(report));
  return exitCodeOf(report);
}

/** Throws InputError. */
export function planFiles(files: readonly FileText[], options: { installation: string; now: Date }): PlanReport {
  const { world, notes }: Loaded = loadWorld(files, { ...options, systemNamespaces: SYSTEM_NAMESPACES });
  const mask = maskFor(world);
  return reportPlan(world, planOffline(world), { mask, notes: [...notes, ...noteAssumptions(world)] });
}
