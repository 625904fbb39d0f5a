/** Arithmetic over numbers, quantities (`1Gi`) and durations (`1h`), exactly where the operands are exact. */

import type { Json } from "../../../object/index.ts";
import { type Operation, operate } from "../operand.ts";
import type { Arguments, FunctionSpec } from "./signature.ts";

const OPERAND = ["number", "string"] as const;

export const arithmeticFunctions: readonly FunctionSpec[] = [
  ...(["add", "subtract", "multiply", "divide", "modulo"] as const).map(
    (name): FunctionSpec => ({
      name,
      parameters: [OPERAND, OPERAND],
      call: (args) => calculate(name, args, args.value(0), args.value(1)),
    }),
  ),
  {
    name: "sum",
    parameters: [["array"]],
    call(args, run) {
      const [first, ...rest] = args.list(0);
      if (first === undefined) throw args.fail("an empty list has no sum");
      run.spend(8 * rest.length);
      return rest.reduce((total, item) => calculate("add", args, total, item), asOperand(first, args));
    },
  },
  {
    name: "avg",
    parameters: [["array"]],
    call(args) {
      const list = args.list(0);
      if (list.length === 0) throw args.fail("an empty list has no average");
      const total = list.reduce<number>((sum, item) => {
        if (typeof item !== "number" && typeof item !== "bigint") throw args.wrong(0, "a list of numbers");
        return sum + Number(item);
      }, 0);
      return total / list.length;
    },
  },
  {
    name: "round",
    parameters: [["number"], ["number"]],
    call(args) {
      const digits = args.number(1);
      if (!Number.isInteger(digits) || digits < 0) throw args.wrong(1, "a whole number of digits, 0 or more");
      const shift = 10 ** digits;
      const shifted = args.number(0) * shift;
      if (!Number.isFinite(shifted)) return args.number(0);
      return (Math.sign(shifted) * Math.round(Math.abs(shifted))) / shift; // Halves go away from zero.
    },
  },
];

function asOperand(value: Json, args: Arguments): Json {
  if (typeof value === "number" || typeof value === "bigint" || typeof value === "string") return value;
  throw args.wrong(0, "a list of numbers, quantities or durations");
}

function calculate(operation: Operation, args: Arguments, left: Json, right: Json): Json {
  const outcome = operate(operation, left, right);
  if ("problem" in outcome) throw args.fail(outcome.problem);
  if (typeof outcome.value === "number" && !Number.isFinite(outcome.value)) throw args.fail("the result is too large");
  return outcome.value;
}
