/** Plays all cells side by side: set up, wait until each is as it should be before, change, and see what comes of it. */

import type { KubernetesObject } from "../../src/object/index.ts";
import type { Api } from "../exact-drift/api.ts";
import { inParallel } from "../exact-drift/in-parallel.ts";
import { waitUntil } from "../harness/index.ts";
import { Hands } from "./hands.ts";
import { type Mode, ROWS, type Row } from "./rows.ts";
import { COLUMNS, type Column, nameIn, USUAL } from "./scene.ts";

export type Cell = { id: string; row: Row; column: Column; mode: Mode; expected: string };

export function cellsOf(mode: Mode): Cell[] {
  return ROWS.flatMap((row, at) =>
    COLUMNS.flatMap((column, i) => {
      const outcome = row.outcome[column];
      if (outcome === undefined) return [];
      const expected = typeof outcome === "string" ? outcome : outcome[mode];
      return [{ id: `${mode}-${at}-${i}`, row, column, mode, expected }];
    }),
  );
}

export type Stage = {
  api: Api;
  /** Everything that happened before was worked on. */
  settled(): Promise<void>;
  /** The operator, where nobody is to see what happens. */
  stop(): Promise<void>;
  start(): Promise<void>;
};

/** What came of each cell, by its id. */
export async function playAll(stage: Stage, mode: Mode): Promise<ReadonlyMap<string, string>> {
  const cells = cellsOf(mode);
  const hands = new Map(cells.map(({ id, column }) => [id, new Hands(stage.api, id, column)]));
  const handsOf = ({ id }: Cell): Hands => hands.get(id) ?? new Hands(stage.api, id, "data");
  await inParallel(cells, (cell) => setUp(cell, handsOf(cell)));
  await reached(stage, cells, ({ row }) => row.before ?? "made=1");
  await stage.settled();
  const before = await targetsOf(stage.api);
  if (mode === "stopped") await stage.stop();
  await inParallel(cells, (cell) => cell.row.act(handsOf(cell)));
  if (mode === "stopped") await stage.start();
  const known = ({ id, ...cell }: Cell): Versions => versionsOf(before.get(id) ?? [], handsOf({ id, ...cell }));
  await reached(stage, cells, ({ expected }) => expected, known).catch(() => {}); // each cell tells for itself
  await stage.settled();
  const after = await targetsOf(stage.api);
  return new Map(cells.map((cell) => [cell.id, print(after.get(cell.id) ?? [], known(cell))]));
}

async function setUp({ row }: Cell, hands: Hands): Promise<void> {
  await hands.namespaces();
  await hands.settings("1");
  await hands.trigger();
  const label = (source: string): string => (row.policy?.foreach === true ? source : USUAL.label);
  for (const [source, v] of Object.entries(row.sources ?? { made: "1" })) await hands.source(source, v, label(source));
  for (const stranger of row.strangers ?? []) await hands.source(stranger, "1", "none");
  await hands.policy(row.policy);
}

/** Milliseconds, for a hundred policies at once on a busy machine. */
const PATIENCE = 120_000;

type Versions = ReadonlyMap<string, string>;

const NO_VERSIONS: Versions = new Map();

async function reached(
  { api }: Stage,
  cells: readonly Cell[],
  expectedOf: (cell: Cell) => string,
  known: (cell: Cell) => Versions = () => NO_VERSIONS,
): Promise<void> {
  await waitUntil(
    "every cell is as it should be",
    async () => {
      const targets = await targetsOf(api);
      const wrong = cells.flatMap((cell) => {
        const state = print(targets.get(cell.id) ?? [], known(cell));
        const expected = expectedOf(cell);
        return state === expected ? [] : [`${cell.row.change} | ${cell.column}: ${state} and not ${expected}`];
      });
      if (wrong.length > 0) throw new Error(wrong.join("\n"));
      return true;
    },
    { deadline: PATIENCE, interval: 250 },
  );
}

type Target = { name: string; value: string; version: string; marked: boolean };

/** The targets that there are, by cell. */
async function targetsOf(api: Api): Promise<Map<string, Target[]>> {
  const { body } = await api.send({ method: "GET", path: "/api/v1/configmaps" });
  const { items } = body as unknown as { items: KubernetesObject[] }; // a list
  const found = new Map<string, Target[]>();
  for (const { metadata, data } of items) {
    const { namespace = "", name, labels = {}, uid, resourceVersion } = metadata;
    const prefix = nameIn(namespace, "");
    if (!name.startsWith(prefix)) continue;
    const target = {
      name: name.slice(prefix.length),
      value: (data as { v?: string } | undefined)?.v ?? "",
      version: `${uid} at ${resourceVersion}`,
      marked: labels["perennial.dev/claim"] !== undefined,
    };
    found.set(namespace, [...(found.get(namespace) ?? []), target]);
  }
  return found;
}

/** As they were before the change, or as the change itself left them. */
function versionsOf(before: readonly Target[], { touched }: Hands): Versions {
  return new Map([...before.map(({ name, version }) => [name, version] as const), ...touched]);
}

function print(targets: readonly Target[], known: Versions): string {
  return targets
    .map(({ name, value, version, marked }) => {
      const untouched = known.get(name) === version ? ", untouched" : "";
      return `${name}=${value}${marked ? untouched : ", unmarked"}`;
    })
    .sort((a, b) => (a < b ? -1 : 1))
    .join("; ");
}
