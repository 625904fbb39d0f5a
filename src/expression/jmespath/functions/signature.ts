/** How a function is described: its name, what it takes, and what it does. The tables beside this file are lists of these. */

import { type Json, type JsonObject, printJson } from "../../../object/index.ts";
import { Fault } from "../fault.ts";
import type { Run, Step } from "../run.ts";
import { type TypeName, typeOf } from "../value.ts";

/** The types an argument may have; "reference" is an `&expression`. */
export type Parameter = "any" | "reference" | readonly TypeName[];

export interface FunctionSpec {
  readonly name: string;
  readonly parameters: readonly Parameter[];
  /** Further arguments of the last parameter's types are allowed. */
  readonly variadic?: boolean;
  /** How many of the last parameters may be left out. */
  readonly optional?: number;
  /** True when the result depends on the time. */
  readonly usesClock?: boolean;
  /** True when the result depends on who asks. */
  readonly usesRandom?: boolean;
  /** Of an argument that is written out: throws when it can never do, whatever the others are. */
  readonly checkLiteral?: { readonly at: number; readonly check: (args: Arguments) => void };
  /** Called with arguments that fit the parameters. */
  readonly call: (args: Arguments, run: Run) => Json;
}

export type FunctionTable = ReadonlyMap<string, FunctionSpec>;

/** The arguments of one call, read by position and type. */
export class Arguments {
  readonly name: string;
  readonly values: readonly Json[];
  readonly #references: readonly (Step | undefined)[];

  constructor(name: string, values: readonly Json[], references: readonly (Step | undefined)[]) {
    this.name = name;
    this.values = values;
    this.#references = references;
  }

  value(at: number): Json {
    return this.values[at] ?? null;
  }

  text(at: number): string {
    const value = this.value(at);
    if (typeof value !== "string") throw this.wrong(at, "a string");
    return value;
  }

  number(at: number): number {
    const value = this.value(at);
    if (typeof value !== "number" && typeof value !== "bigint") throw this.wrong(at, "a number");
    return Number(value); // a large integer is rounded: functions compute with numbers
  }

  list(at: number): readonly Json[] {
    const value = this.value(at);
    if (!Array.isArray(value)) throw this.wrong(at, "a list");
    return value;
  }

  object(at: number): JsonObject {
    const value = this.value(at);
    if (value === null || typeof value !== "object" || Array.isArray(value)) throw this.wrong(at, "a map");
    return value;
  }

  /** The `&expression`, applied to a value; what it does not find is null. */
  apply(at: number, value: Json, run: Run): Json {
    const step = this.#references[at];
    if (step === undefined) throw this.wrong(at, "an expression such as &name");
    run.spend(1);
    return step(value, run) ?? null;
  }

  wrong(at: number, expected: string): Fault {
    return new Fault(`${this.name}: argument ${at + 1} must be ${expected}, not ${describe(this.value(at))}`);
  }

  fail(message: string): Fault {
    return new Fault(`${this.name}: ${message}`);
  }
}

/** A value for messages: its type, and its content when that is short. */
export function describe(value: Json): string {
  if (value === null) return "null (or not found)";
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "object") return "a map";
  const text = printJson(value);
  return `the ${typeOf(value)} ${text.length > 80 ? `${text.slice(0, 77)}..."` : text}`;
}
