/** What the operator does and holds when there is nothing to do. */

import { setTimeout as delay } from "node:timers/promises";
import { cpuMillisOf, memoryOf } from "./figures.ts";
import type { Stage } from "./stage.ts";
import type { Table } from "./table.ts";

/** The operator's own count of its requests: at rest nothing but the Lease; watches are opened again now and then. */
export async function measureRest({ operator }: Stage, table: Table, seconds: number): Promise<void> {
  await delay(3_000);
  const before = await requestsOf(operator.metrics());
  const cpu = cpuMillisOf(operator.pid);
  await delay(seconds * 1000);
  const used = cpuMillisOf(operator.pid) - cpu;
  const after = await requestsOf(operator.metrics());
  const changed = [...after]
    .map(([method, count]): [string, number] => [method, count - (before.get(method) ?? 0)])
    .filter(([, count]) => count > 0);
  const leases = changed.find(([method]) => method === "PUT")?.[1] ?? 0;
  const others = changed.filter(([method]) => method !== "PUT" && method !== "WATCH");
  table.judge(
    `requests at rest in ${seconds} s, less watches and ${leases} of the Lease`,
    others.length === 0 ? "0" : JSON.stringify(others),
    { asked: "0", kept: others.length === 0 },
  );
  table.tell("operator's CPU at rest, % of a core", ((used / (seconds * 1000)) * 100).toFixed(2));
}

export function measureMemory({ operator }: Stage, table: Table): void {
  const { resident, most } = memoryOf(operator.pid);
  table.judge(
    "operator's resident memory, MB (and the most there was)",
    `${resident.toFixed(0)} (${most.toFixed(0)})`,
    {
      asked: "at most 150",
      kept: most <= 150,
    },
  );
}

async function requestsOf(metrics: Promise<string>): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  const line = /^perennial_api_request_seconds_count\{method="([^"]+)"[^}]*\} (\d+)$/gm;
  for (const [, method = "", value = ""] of (await metrics).matchAll(line)) {
    counts.set(method, (counts.get(method) ?? 0) + Number(value));
  }
  return counts;
}
