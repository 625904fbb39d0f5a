/** perennial plan: what policies would do to the objects of files, or of a cluster. */

import { Command, Option } from "commander";
import { noteAssumptions } from "../assumptions.ts";
import type { FileText } from "../documents.ts";
import { InputError } from "../input-error.ts";
import { loadLiveWorld, type Reach, reachCluster } from "../live/index.ts";
import { type Loaded, loadWorld } from "../load.ts";
import { maskFor } from "../mask-for.ts";
import { mutateWorld, noteMutations } from "../mutate-offline.ts";
import { noteRestless, reportMutation } from "../mutation-report.ts";
import { planOffline } from "../offline-plan.ts";
import { type FileFlags, filesOption, installationOption, SYSTEM_NAMESPACES } from "../options.ts";
import { exitCodeOf, type PlanReport, reportPlan } from "../plan-report.ts";
import { printPlan } from "../print-plan.ts";
import { readFiles } from "../read-files.ts";
import { runCommand } from "../run-command.ts";
import type { Terminal } from "../terminal.ts";

type PlanFlags = FileFlags & Reach & { output: "text" | "json"; live?: true };

export function planCommand(terminal: Terminal): Command {
  return new Command("plan")
    .description("says what policies would make, change and delete, and why; nothing is written")
    .addOption(filesOption())
    .addOption(new Option("-o, --output <format>", "how the plan is printed").choices(["text", "json"]).default("text"))
    .addOption(installationOption())
    .addOption(new Option("--live", "plans for a cluster as it is, instead of for files; it is only read"))
    .addOption(new Option("--kubeconfig <file>", "with --live: how to reach the cluster (default: as kubectl)"))
    .addOption(
      new Option("--context <name>", "with --live: which context of the kubeconfig (default: the current one)"),
    )
    .action((flags: PlanFlags) => runCommand(terminal, () => plan(flags, terminal)));
}

async function plan(flags: PlanFlags, terminal: Terminal): Promise<number> {
  const { filename, output, installation, live } = flags;
  if (live === undefined && (flags.kubeconfig ?? flags.context) !== undefined)
    throw new InputError(["--kubeconfig and --context are about a cluster: add --live"]);
  const files = readFiles(filename);
  const options = { installation, now: terminal.now() };
  const report = live === undefined ? planFiles(files, options) : await planLive(files, flags, options);
  terminal.out(output === "json" ? `${JSON.stringify(report, null, 2)}\n` : printPlan(report));
  return exitCodeOf(report);
}

/** Throws InputError. */
async function planLive(files: readonly FileText[], reach: Reach, options: PlanOptions): Promise<PlanReport> {
  const client = await reachCluster(reach);
  try {
    const { world, notes } = await loadLiveWorld(client, files, { ...options, systemNamespaces: SYSTEM_NAMESPACES });
    return reportPlan(world, planOffline(world), { mask: maskFor(world), notes: [...notes, ...noteMutations(world)] });
  } finally {
    await client.close();
  }
}

type PlanOptions = { installation: string; now: Date };

/** Throws InputError. */
export function planFiles(files: readonly FileText[], options: PlanOptions): PlanReport {
  const { world, notes }: Loaded = loadWorld(files, { ...options, systemNamespaces: SYSTEM_NAMESPACES });
  const mask = maskFor(world);
  const planned = mutateWorld(world);
  const mutations = planned.map((mutation) => reportMutation(mutation, mask));
  const restless = noteRestless(world, planned);
  return reportPlan(world, planOffline(world), {
    mask,
    notes: [...notes, ...restless, ...noteAssumptions(world)],
    mutations,
  });
}
