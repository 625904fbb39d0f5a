/** What templates are made of while they are compiled: parts, what is gathered on the way, and where a part stands. */

import type { Json, Path } from "../object/index.ts";
import { emitValue, type Fault, type Run, runGuarded } from "./jmespath/index.ts";
import type { CompileOptions, ExpressionIssue } from "./language.ts";

/** A piece of a template: a constant, or something to fill in. */
export type Part = ConstantPart | FilledPart;

export interface ConstantPart {
  readonly value: Json;
  readonly fill?: undefined;
}

export interface FilledPart {
  readonly fill: (bindings: Json, run: Run) => Json;
}

/** What is known and gathered while one template is compiled. */
export interface Build {
  readonly options: CompileOptions;
  /** The whole value that is compiled: `$(/...)` looks into it. */
  readonly document: Json;
  readonly path: string;
  readonly reads: Set<string>;
  readonly paths: Set<string>;
  usesClock: boolean;
  readonly issues: ExpressionIssue[];
}

/** Thrown by a part that cannot be filled; ends at evaluate. */
export class PartFault extends Error {
  readonly at: string;
  readonly fault: Fault;

  constructor(at: string, fault: Fault) {
    super(fault.message);
    this.at = at;
    this.fault = fault;
  }
}

/** A part that counts what it gives towards the output, and says where it stands when it cannot be filled. */
export function placedPart(at: string, fill: (bindings: Json, run: Run) => Json): Part {
  return {
    fill: (bindings, run) => {
      run.place = at;
      run.randomCalls = 0;
      const result = runGuarded(() => {
        const value = fill(bindings, run);
        emitValue(value, run);
        return value;
      });
      if ("fault" in result) throw new PartFault(at, result.fault);
      return result.value;
    },
  };
}

/** `spec.rules[0]` and the segments below it, keys that are no plain words in brackets. */
export function printPath(base: string, at: Path): string {
  const segments = at.map((segment) => {
    if (typeof segment === "number") return `[${segment}]`;
    return /^[A-Za-z_][A-Za-z0-9_]*$/.test(segment) ? `.${segment}` : `[${JSON.stringify(segment)}]`;
  });
  return `${base}${segments.join("")}`.replace(/^\./, "");
}
