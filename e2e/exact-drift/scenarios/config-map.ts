/** ConfigMap: plain maps, text that looks like numbers, labels, and what cannot be changed any more. */

import { CONFIG_MAP } from "../kinds.ts";
import { inSync, notAccepted, refused, repaired, type Scenario } from "../scenario.ts";

const MANAGERS = Array.from({ length: 12 }, (_, i) => `manager-${i}`);

export const CONFIG_MAP_SCENARIOS: readonly Scenario[] = [
  { title: "add key", act: (it) => it.merge({ data: { more: "yes" } }), outcome: repaired(1) },
  { title: "edit 1000m -> 1 (string!)", act: (it) => it.merge({ data: { a: "1" } }), outcome: repaired(1) },
  { title: "remove key", act: (it) => it.merge({ data: { a: null } }), outcome: repaired(1) },
  { title: "remove data", act: (it) => it.merge({ data: null }), outcome: repaired(1) },
  { title: "add binaryData", act: (it) => it.merge({ binaryData: { other: "BwgJ" } }), outcome: repaired(1) },
  { title: "immutable true", act: (it) => it.merge({ immutable: true }), outcome: notAccepted("immutable") },
  {
    title: "immutable true + data changed",
    act: (it) => it.merge({ immutable: true, data: { b: "red" } }),
    outcome: notAccepted("data"),
  },
  {
    title: "foreign label+annotation (left)",
    act: (it) => it.merge({ metadata: { labels: { cost: "42" }, annotations: { note: "mine" } } }),
    keeps: ["/metadata/labels/cost", "/metadata/annotations/note"],
    outcome: inSync,
  },
  {
    title: "our label edited",
    act: (it) => it.merge({ metadata: { labels: { "app.kubernetes.io/managed-by": "mallory" } } }),
    ownershipOnly: true,
    outcome: repaired(1),
  },
  {
    title: "our label removed",
    act: (it) => it.merge({ metadata: { labels: null } }),
    ownershipOnly: true,
    outcome: repaired(1),
  },
  { title: "data: null desired", desired: { data: null }, outcome: inSync },
  {
    title: "data: {a:null} desired",
    desired: { data: { a: null, b: "blue" } },
    fresh: { data: { b: "blue" } },
    outcome: inSync,
  },
  { title: "data: {} desired", desired: { data: {} }, outcome: inSync },
  {
    title: "data: {} desired + foreign adds data.a",
    desired: { data: {} },
    act: (it) => it.merge({ data: { a: "red" } }),
    outcome: repaired(2),
  },
  {
    title: "no data desired; foreign adds data section",
    desired: {},
    act: (it) => it.merge({ data: { a: "red" } }),
    outcome: repaired(1),
  },
  { title: "own earlier key dropped", change: { data: { b: "blue" } }, outcome: repaired(1) },
  {
    title: "own earlier key dropped, co-owned equal by other Apply",
    act: (it) => it.apply(CONFIG_MAP, "other"),
    change: { data: { b: "blue" } },
    outcome: repaired(2),
  },
  {
    title: "foreign co-owns equal then we change value",
    act: (it) => it.apply(CONFIG_MAP, "other"),
    change: { data: { a: "2000m", b: "blue" } },
    outcome: repaired(2),
  },
  {
    title: "create by kubectl create; adopt subset",
    before: (it) => it.create({ ...CONFIG_MAP, data: { ...CONFIG_MAP.data, more: "yes" } }),
    outcome: repaired(2),
  },
  {
    title: "12 Update managers -> ancient-changes",
    met: "held",
    act: async (it) => {
      for (const as of MANAGERS) await it.merge({ data: { [`from-${as}`]: "yes" } }, { as });
    },
    outcome: repaired(1),
  },
  {
    title: "key with / ~ . chars in annotation desired",
    metadata: { annotations: { "a.b/c~d": "yes" } },
    outcome: refused,
  },
  {
    title: "foreign key named constructor",
    act: (it) => it.merge({ data: { constructor: "yes" } }),
    outcome: repaired(1),
  },
  {
    title: "foreign key named __proto__ (raw)",
    act: (it) => it.merge('{"data":{"__proto__":"yes"}}'),
    outcome: repaired(1),
  },
  {
    title: "desired key constructor",
    desired: { data: { constructor: "yes" } },
    act: (it) => it.merge({ data: { toString: "yes" } }),
    outcome: repaired(1),
  },
];
