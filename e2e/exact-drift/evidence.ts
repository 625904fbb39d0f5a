/** All there is to know about a scene, to be read when it came out wrong. */

import { printRequest } from "../harness/index.ts";
import { contentOf } from "./fresh.ts";
import type { End, Played } from "./play.ts";
import { tellOutcome } from "./scenario.ts";
import { desiredOf } from "./scene.ts";

const LOG_LINES = 25;

export function evidenceOf({ scene, answers, left, ends }: Played, log: readonly string[]): string {
  const { kind, scenario } = scene.row;
  const about = log.filter((line) => line.includes(`${scene.id}/`) || line.includes(`${scene.id}-target`));
  return [
    `${kind.title} | ${scenario.title} | ${tellOutcome(scenario.outcome)}   (${scene.id}, met ${scenario.met ?? "live"})`,
    `desired: ${print(desiredOf(scene.row))}`,
    ...(scenario.change === undefined ? [] : [`then: ${print(scenario.change)}`]),
    `answers to the act: ${answers.map(({ status }) => status).join(", ") || "none"}`,
    `the act left: ${left === undefined ? "nothing" : print(contentOf(left, scene.place))}`,
    ...ends.flatMap((end, i) => [i === 0 ? "-- at rest" : "-- started anew", ...endLines(end, scene.place)]),
    "-- the operator's log",
    ...about.slice(-LOG_LINES),
  ].join("\n");
}

function endLines({ live, fresh, status, requests, dryRuns }: End, place: Played["scene"]["place"]): string[] {
  return [
    `fresh: ${fresh === undefined ? "none" : print(contentOf(fresh, place))}`,
    `live:  ${live === undefined ? "none" : print(contentOf(live, place))}`,
    `labels: ${print(live?.metadata.labels)}  annotations: ${print(live?.metadata.annotations)}`,
    ...(live?.metadata.managedFields ?? []).map((entry) => `  managed: ${print(entry)}`),
    `status: ${print(status.summary)} failures ${print(status.failures)} drifts ${print(status.drifts)}`,
    `requests: ${requests.map(printRequest).join("; ") || "none"}`,
    `dry runs: ${dryRuns.map(printRequest).join("; ") || "none"}`,
  ];
}

function print(value: unknown): string {
  return JSON.stringify(value) ?? "none";
}
