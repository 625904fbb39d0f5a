/** What happened to the objects of a lane, for people: every write, by whom, and why if the operator did it. */

import { readFile } from "node:fs/promises";
import { type Audited, OPERATOR_NAMESPACE, printRequest } from "../harness/index.ts";
import type { Lane } from "./lane.ts";
import { outOfLane } from "./place.ts";
import type { Stage } from "./stage.ts";
import { isStep, type LogLine } from "./steps.ts";

type Moment = { time: string; what: string };

/** Of each lane. Reads the audit log once. */
export async function readTimelines(stage: Stage, lanes: readonly Lane[]): Promise<(lane: Lane) => string[]> {
  const text = lanes.length === 0 ? "" : await readFile(stage.cluster.plane.auditLog, "utf8");
  const audited = text.split("\n").filter((line) => /"verb":"(create|update|patch|delete)"/.test(line));
  return ({ name }) => {
    const isOurs = (line: string): boolean => line.includes(`${name}-`);
    const moments = [
      ...audited.filter(isOurs).map(readAudited),
      ...stage
        .log()
        .filter(isTold)
        .map(readLogged)
        .filter(({ what }) => isOurs(what)),
    ];
    const sorted = moments.sort((a, b) => a.time.localeCompare(b.time));
    return sorted.map(({ time, what }) => outOfLane(`${time.slice(11, 23)} ${what}`, name));
  };
}

function readAudited(line: string): Moment {
  const event: Audited & { stageTimestamp: string } = JSON.parse(line);
  const isOperator = event.user.username === `system:serviceaccount:${OPERATOR_NAMESPACE}:perennial`;
  return { time: event.stageTimestamp, what: `${isOperator ? "Perennial" : "somebody"}: ${printRequest(event)}` };
}

function isTold(line: LogLine): boolean {
  return isStep(line) || line.level >= 40;
}

function readLogged(line: LogLine): Moment {
  const { time, msg, level: _level, verb, target, outcome, because, claim: _claim, ...more } = line;
  const what = isStep(line) ? `${verb} ${target}: ${outcome}; ${because}` : `${msg} ${JSON.stringify(more)}`;
  return { time: String(time), what: `Perennial says: ${what}` };
}
