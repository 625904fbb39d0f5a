/** What the operator says it wrote, from its log. */

import type { OperatorProcess } from "../harness/index.ts";
import type { Lane } from "./lane.ts";
import type { Problems } from "./rest.ts";

export type LogLine = ReturnType<OperatorProcess["log"]>[number];

/** Targets that were written, although nothing had to be done. */
export function writtenTo(lanes: readonly Lane[], log: readonly LogLine[]): Problems {
  const written = log.filter((line) => isStep(line) && (line.outcome === "written" || line.outcome === "gone"));
  const found = lanes.map(({ name }) => [name, written.filter(isAbout(name)).map(printNeedless)] as const);
  return new Map(found.filter(([, problems]) => problems.length > 0));
}

/** One request about a target. */
export function isStep({ msg }: LogLine): boolean {
  return msg === "step";
}

function isAbout(lane: string): (line: LogLine) => boolean {
  return ({ target }) => String(target).includes(`${lane}-`);
}

function printNeedless({ verb, target, because }: LogLine): string {
  return `${verb} ${target} although all was at rest: ${because}`;
}
