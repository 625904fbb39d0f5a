/** How many claims a core plans in a second, and what it costs to match a trigger: pure CPU, no cluster. */

import { parseArgs } from "node:util";
import { type KubernetesObject, refOf } from "../src/object/index.ts";
import { TriggerIndex } from "../src/operator/trigger-index.ts";
import { planClaim, whyNotSelected } from "../src/plan/index.ts";
import { NAMESPACES } from "../src/plan/world.fixture.ts";
import { claimKey } from "../src/state/index.ts";
import { type Spread, spreadOf } from "./figures.ts";
import { crowdedWorld, demandingWorkload, sampleWorkloads, type Workload } from "./planning-world.ts";
import { print, Table } from "./table.ts";

/** Per second and core, for rules without context. */
const ASKED = 20_000;
const TRIGGERS = 200;
const ROUNDS = 7;

export function measurePlanning(table: Table, each: (name: string, rate: Spread) => void = () => {}): void {
  const rated = sampleWorkloads(TRIGGERS).map((workload) => ({ ...workload, rate: rateOf(workload) }));
  for (const { name, rate } of rated) each(name, rate);
  const [plain, reading] = [false, true].map((reads) => rated.filter(({ readsContext }) => readsContext === reads));
  judgeRates(table, `${plain?.length} samples without context`, plain ?? []);
  judgeRates(table, `${reading?.length} samples with context or sources`, reading ?? []);
  const demanding = rateOf(demandingWorkload(TRIGGERS));
  judgeRates(table, "5 preconditions and 3 context entries", [{ name: "", rate: demanding }]);
  measureMatching(table);
}

/** The slowest counts, but only what looks at its trigger alone is judged. */
function judgeRates(table: Table, what: string, rated: readonly { name: string; rate: Spread }[]): void {
  const slowest = rated.reduce((a, b) => (a.rate.median < b.rate.median ? a : b));
  const { median } = spreadOf(rated.map(({ rate }) => rate.median));
  const measured =
    rated.length === 1
      ? print(slowest.rate, 0)
      : `${median.toFixed(0)}; ${slowest.name} ${slowest.rate.median.toFixed(0)}`;
  const name = `claims planned per second and core, ${what}`;
  if (/without/.test(what))
    table.judge(name, measured, { asked: `at least ${ASKED}`, kept: slowest.rate.median >= ASKED });
  else table.tell(name, measured);
}

function rateOf({ world, claims }: Workload) {
  const plan = (): void => {
    for (const claim of claims) planClaim(world, claim);
  };
  return perSecond(claims.length, plan);
}

/** By the CPU time of this process, so that others on the machine do not count. */
function perSecond(count: number, work: () => void) {
  const until = process.cpuUsage().user + 300_000;
  while (process.cpuUsage().user < until) work(); // warm
  const rates: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.cpuUsage();
    let done = 0;
    let spent = 0;
    while (spent < 100_000) {
      work();
      done += count;
      const { user, system } = process.cpuUsage(before);
      spent = user + system;
    }
    rates.push((done / spent) * 1_000_000);
  }
  return spreadOf(rates);
}

function measureMatching(table: Table): void {
  for (const [how, spread] of [
    ["of many kinds and namespaces", true],
    ["for Namespaces, by label", false],
  ] as const) {
    const [one, many] = [1, 200].map((policies) => matchingMicros(policies, spread));
    const ratio = (many ?? 0) / (one ?? 1);
    table.judge(
      `a trigger matched against 200 policies ${how}, in one`,
      `${ratio.toFixed(1)} (${one?.toFixed(2)} us, ${many?.toFixed(2)} us)`,
      {
        asked: "less than 10",
        kept: ratio < 10,
      },
    );
  }
}

/** As the operator does it for each change of an object. */
function matchingMicros(policies: number, spread: boolean): number {
  const world = crowdedWorld(policies, spread);
  const index = new TriggerIndex(world.policies.values());
  const triggers: KubernetesObject[] = Array.from({ length: 1000 }, (_, i) => {
    const team = `team-${(i * 8) % policies}`;
    return { apiVersion: "v1", kind: "Namespace", metadata: { name: spread ? team : `n-${i}`, labels: { team } } };
  });
  let found = 0;
  const match = (): void => {
    for (const trigger of triggers) {
      for (const { policy, rule } of index.rulesFor(NAMESPACES, trigger)) {
        if (whyNotSelected(world, rule, trigger) === undefined) {
          claimKey({ policy, rule: rule.name, trigger: refOf(trigger) });
          found++;
        }
      }
    }
  };
  const { median } = perSecond(triggers.length, match);
  if (found === 0) throw new Error("nothing matched");
  return 1_000_000 / median;
}

if (process.argv[1] === import.meta.filename) {
  const { values } = parseArgs({ options: { samples: { type: "boolean", default: false } } });
  const table = new Table();
  measurePlanning(table, (name, rate) => {
    if (values.samples) process.stdout.write(`${name.padEnd(40)} ${print(rate, 0)}\n`);
  });
  process.exitCode = table.missed > 0 ? 1 : 0;
}
