/** sum and avg as the JMESPath specification has them; policies override both (arithmetic.ts). */

import type { Arguments, FunctionSpec } from "./signature.ts";

const ARRAY = ["array"] as const;

export const totalFunctions: readonly FunctionSpec[] = [
  { name: "sum", parameters: [ARRAY], call: (args) => addUp(args) },
  {
    name: "avg",
    parameters: [ARRAY],
    call: (args) => (args.list(0).length === 0 ? null : addUp(args) / args.list(0).length),
  },
];

function addUp(args: Arguments): number {
  let total = 0;
  for (const item of args.list(0)) {
    if (typeof item !== "number" && typeof item !== "bigint") throw args.wrong(0, "a list of numbers");
    total += Number(item);
  }
  return total;
}
