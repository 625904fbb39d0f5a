/** Every scenario of the reference, on a real control plane: what happens to a target, and what comes out. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { evidenceOf } from "./evidence.ts";
import { problemsOf } from "./judge.ts";
import { ALL_KINDS } from "./kinds.ts";
import { type Played, playAll } from "./play.ts";
import { inSync, tellOutcome } from "./scenario.ts";
import { ALL_ROWS, type Row } from "./scenarios/index.ts";
import { sceneOf } from "./scene.ts";
import { openStage, type Stage } from "./stage.ts";

const wanted = new RegExp(process.env.PERENNIAL_SCENARIOS ?? "");
const ROWS = ALL_ROWS.filter(({ kind, scenario }) => wanted.test(`${kind.title} ${scenario.title}`));
const KINDS = ALL_KINDS.filter((kind) => ROWS.some((row) => row.kind === kind));

const PLAYING = 480_000;
const CLOSING = 60_000;

let stage: Stage | undefined;
let played: Played[] = [];

beforeAll(async () => {
  const opened = await openStage();
  stage = opened;
  const scenes = ROWS.map((row, i) => sceneOf(opened.api, row, i));
  const sentinels = KINDS.map((kind, i) =>
    sceneOf(opened.api, { kind, scenario: { title: "sentinel", outcome: inSync } }, ROWS.length + i),
  );
  played = await playAll(opened, scenes, sentinels);
}, PLAYING);

afterAll(() => stage?.close(), CLOSING);

function titleOf({ scenario }: Row): string {
  return `${scenario.title}: ${tellOutcome(scenario.outcome)}`;
}

describe.each(KINDS)("$title", (kind) => {
  it.each(ROWS.filter((row) => row.kind === kind).map((row) => [titleOf(row), row] as const))("%s", (_title, row) => {
    const one = played.find(({ scene }) => scene.row === row);
    if (one === undefined || stage === undefined) throw new Error("it was not played");
    expect(problemsOf(one), evidenceOf(one, stage.log())).toEqual([]);
  });
});

describe("the operator", () => {
  it("comes to rest after all of it, and again when it is started anew", () => {
    expect(played.flatMap(({ ends }) => ends.filter(({ rested }) => !rested))).toEqual([]);
  });
});
