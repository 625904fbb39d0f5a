/** Gear: a custom resource that others write in another API version than ours. */

import { GEAR } from "../kinds.ts";
import { inSync, repaired, type Scenario } from "../scenario.ts";

const V1BETA1 = { version: "drift.example.com/v1beta1" };

export const GEAR_SCENARIOS: readonly Scenario[] = [
  {
    title: "v1beta1 set element added",
    act: (it) => it.edit([{ op: "add", path: "/spec/teeth/-", value: "other" }], V1BETA1),
    outcome: repaired(2),
  },
  { title: "v1beta1 opt added", act: (it) => it.merge({ spec: { opt: "other" } }, V1BETA1), outcome: repaired(2) },
  { title: "v1beta1 size edited", act: (it) => it.merge({ spec: { size: 7 } }, V1BETA1), outcome: repaired(2) },
  { title: "v1beta1 Apply co-own equal", act: (it) => it.apply(GEAR, "other", V1BETA1), outcome: inSync },
  {
    title: "our entry at v1beta1, now v1",
    before: (it) => it.apply({ spec: { ...GEAR.spec, opt: "earlier" } }, "perennial", V1BETA1),
    outcome: repaired(1),
  },
];
