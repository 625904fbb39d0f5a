/** The bench: the operator beside the raw writer, in turn, on one control plane. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ROOT } from "../e2e/harness/index.ts";
import { measureAdmission } from "./admission.ts";
import { measureLatency } from "./latency.ts";
import { measureMutateExisting } from "./mutate-existing.ts";
import { measurePlanning } from "./planning.ts";
import { measurePolicyEdit } from "./policy-edit.ts";
import { measureMemory, measureRest } from "./rest.ts";
import { Stage } from "./stage.ts";
import { describeMachine, Table } from "./table.ts";
import { measureThroughput, tellLeanWriter, WIDTH } from "./throughput.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    namespaces: { type: "string", default: "200" },
    trials: { type: "string", default: "40" },
    rest: { type: "string", default: "60" },
  },
});
const [rounds, namespaces, trials] = [Number(values.rounds), Number(values.namespaces), Number(values.trials)];

const table = new Table();
{
  await using stage = await Stage.set();
  await measureThroughput(stage, table, { rounds, namespaces });
  await measureLatency(stage, table, trials);
  await measureRest(stage, table, Number(values.rest));
  measureMemory(stage, table);
  await tellLeanWriter(stage, table, { rounds, namespaces });
  await measurePolicyEdit(stage, table);
  await measureMutateExisting(stage, table);
}
await measureAdmission(table);
measurePlanning(table);
const introduction = [
  `${new Date().toISOString().slice(0, 10)}, ${describeMachine()}. ${rounds} rounds of ${namespaces} namespaces created ${WIDTH} at a time, five targets each, after a warm-up of both; ${trials} trials of each latency; median (least..most).`,
  "The raw writer has the operator's transport, identity and bytes, and no logic, and sends what any client sends that says nothing of field validation; the same watch tells when the targets of either are there.",
  "The control plane runs on the same machine, and its etcd waits for the disk, as anywhere but in tests; its controller manager has a higher client rate limit than the default.",
];
writeFileSync(join(ROOT, "bench/results.md"), table.page(introduction));
if (table.missed > 0) process.stderr.write(`${table.missed} missed\n`);
process.exitCode = table.missed > 0 ? 1 : 0;
