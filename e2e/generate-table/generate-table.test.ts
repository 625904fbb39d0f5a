/** Every row and column of the language's table of what happens, while the operator runs and while it does not. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Api, connectApi } from "../exact-drift/api.ts";
import {
  type Cluster,
  laterEventProcessed,
  namespace,
  type OperatorProcess,
  startCluster,
  startOperator,
} from "../harness/index.ts";
import { cellsOf, playAll } from "./play.ts";
import type { Mode } from "./rows.ts";
import { SHARED_ORIGIN } from "./scene.ts";

const FLAGS = ["--prune-delay=1s"];

/** Milliseconds. */
const PLAYING = 300_000;

let cluster: Cluster;
let operator: OperatorProcess;
let api: Api;

beforeAll(async () => {
  cluster = await startCluster();
  await cluster.apply(namespace(SHARED_ORIGIN));
  api = await connectApi(cluster.plane);
  operator = await startOperator(cluster, { flags: FLAGS });
});

afterAll(async () => {
  await operator?.stop();
  await api?.close();
  await cluster?.stop();
});

describe.each<[mode: Mode, what: string]>([
  ["running", "while the operator runs"],
  ["stopped", "while no operator runs, as the next one sees it"],
])("%s: what happens %s", (mode) => {
  let outcomes: ReadonlyMap<string, string>;

  beforeAll(async () => {
    const stage = {
      api,
      settled: () => laterEventProcessed(cluster, operator),
      stop: async () => void (await operator.stop()),
      start: async () => {
        operator = await startOperator(cluster, { flags: FLAGS });
      },
    };
    outcomes = await playAll(stage, mode);
  }, PLAYING);

  it.each(cellsOf(mode).map((cell) => [cell.row.change, cell.column, cell] as const))(
    "%s | %s",
    (_change, _column, { id, expected }) => {
      expect(expected.split(" or ")).toContain(outcomes.get(id));
    },
  );
});
