import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createMetrics } from "./metrics.ts";

const PAGE = readFileSync(join(import.meta.dirname, "../../docs/reference/metrics.md"), "utf8");

describe("docs/reference/metrics.md", () => {
  it("has every metric with its type, labels and meaning, and no other", async () => {
    expect(rowsOf(PAGE)).toEqual(await metricRows());
  });
});

type Row = { name: string; type: string; labels: string[]; meaning: string };

function rowsOf(page: string): Row[] {
  const rows = page.matchAll(/^\| `(perennial_\w+)` +\| (\w+) +\| ([^|]*)\| (.+?) +\|$/gm);
  return Array.from(rows, ([, name = "", type = "", labels = "", meaning = ""]) => ({
    name,
    type,
    labels: Array.from(labels.matchAll(/`(\w+)`/g), ([, label = ""]) => label),
    meaning,
  }));
}

async function metricRows(): Promise<Row[]> {
  const { registry, ...metrics } = createMetrics();
  const types = new Map((await registry.getMetricsAsJSON()).map(({ name, type, help }) => [name, { type, help }]));
  return Object.values(metrics).map((metric) => {
    // prom-client keeps these on its classes without declaring them
    const { name, labelNames } = metric as unknown as { name: string; labelNames: string[] };
    return { name, type: String(types.get(name)?.type), labels: labelNames, meaning: types.get(name)?.help ?? "" };
  });
}
