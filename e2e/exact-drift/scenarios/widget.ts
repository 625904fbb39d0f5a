/** Widget: every list and map type of a custom resource, empty containers, numbers of every kind. */

import type { JsonObject } from "../../../src/object/index.ts";
import { inSync, refused, repaired, type Scenario } from "../scenario.ts";

const EMPTY = { spec: { gmap: {}, atomic: [], byName: [], set: [], free: {} } };
const NULL_DESIRED = { spec: { nul: null, str: "1" } };
const NULL_DROPPED = { spec: { str: "1" } };
const UNKNOWN_FIELD = { spec: { nope: 1, str: "1" } };

export const WIDGET_SCENARIOS: readonly Scenario[] = [
  {
    title: "atomic list element added",
    act: (it) => it.edit([{ op: "add", path: "/spec/atomic/-", value: { a: 7 } }]),
    outcome: repaired(1),
  },
  {
    title: "atomic list element field added",
    act: (it) => it.edit([{ op: "add", path: "/spec/atomic/0/other", value: 7 }]),
    outcome: repaired(1),
  },
  { title: "atomic map key added", act: (it) => it.merge(spec({ amap: { other: "7" } })), outcome: repaired(1) },
  {
    title: "map list element added",
    act: (it) => it.edit([{ op: "add", path: "/spec/byName/0", value: { name: "other" } }]),
    outcome: repaired(1),
  },
  {
    title: "map list element subfield default edited",
    act: (it) => it.edit([{ op: "replace", path: "/spec/byName/0/d", value: "other" }]),
    outcome: repaired(1),
  },
  {
    title: "set element added",
    act: (it) => it.edit([{ op: "add", path: "/spec/set/0", value: "other" }]),
    outcome: repaired(1),
  },
  { title: "set element removed", act: (it) => it.edit([{ op: "remove", path: "/spec/set/0" }]), outcome: repaired(1) },
  { title: "set reordered", act: (it) => it.merge(spec({ set: ["y", "x"] })), outcome: repaired(1) },
  {
    title: "duplicate in set by Update",
    act: (it) => it.edit([{ op: "add", path: "/spec/set/-", value: "x" }]),
    outcome: refused,
  },
  {
    title: "duplicate map key by Update",
    act: (it) => it.edit([{ op: "add", path: "/spec/byName/-", value: { name: "a", v: 7 } }]),
    outcome: refused,
  },
  {
    title: "preserve-unknown: nested add",
    act: (it) => it.merge(spec({ free: { deep: { other: 7 } } })),
    outcome: repaired(1),
  },
  {
    title: "preserve-unknown: list in free",
    act: (it) => it.edit([{ op: "add", path: "/spec/free/deep/list/-", value: 7 }]),
    outcome: repaired(1),
  },
  { title: "gmap added section", act: (it) => it.merge(spec({ gmap: { other: "7" } })), outcome: repaired(1) },
  { title: "withDefault edited", act: (it) => it.merge(spec({ withDefault: { e: "other" } })), outcome: repaired(1) },
  { title: "top-level field added", act: (it) => it.merge({ extraTop: "other" }), outcome: repaired(1) },
  { title: "num 1 -> 1.5", act: (it) => it.merge(spec({ num: 1.5 })), outcome: repaired(1) },
  { title: "num 1 -> 1.0 (raw)", act: (it) => it.merge('{"spec":{"num":1.0}}'), outcome: inSync },
  {
    title: 'ios 80 -> "80"',
    desired: spec({ ios: 80 }),
    act: (it) => it.merge(spec({ ios: "80" })),
    outcome: repaired(1),
  },
  {
    title: "big int off by one",
    desired: spec({ big: 9007199254740992 }),
    act: (it) => it.merge('{"spec":{"big":9007199254740993}}'),
    outcome: repaired(1),
    instead: {
      of: inSync,
      because:
        "the reference's probe reads both integers as the same number of JavaScript; by its own rule 15 they are read exactly, and then they differ",
    },
  },
  { title: "null desired in nullable", desired: NULL_DESIRED, fresh: NULL_DROPPED, outcome: inSync },
  {
    title: "null nullable + foreign sets value",
    desired: NULL_DESIRED,
    fresh: NULL_DROPPED,
    act: (it) => it.merge(spec({ nul: "other" })),
    outcome: repaired(1),
  },
  { title: "empty map/list desired", desired: EMPTY, outcome: inSync },
  {
    title: "empty map/list desired + foreign adds in each",
    desired: EMPTY,
    act: (it) =>
      it.merge(
        spec({
          gmap: { other: "7" },
          atomic: [{ a: 7 }],
          byName: [{ name: "other" }],
          set: ["other"],
          free: { other: 7 },
        }),
      ),
    outcome: repaired(5),
  },
  {
    title: "empty map/list desired; foreign removes all",
    desired: EMPTY,
    act: (it) => it.merge(spec({ gmap: null, atomic: null, byName: null, set: null, free: null })),
    outcome: repaired(1),
  },
  {
    title: "spec: {} desired + foreign adds str",
    desired: spec({}),
    act: (it) => it.merge(spec({ str: "other" })),
    outcome: repaired(1),
  },
  // the operator always asks for strict validation, and the server says the same to those who do not
  { title: "unknown field in desired (pruned), no fv", desired: UNKNOWN_FIELD, outcome: refused },
  { title: "unknown field in desired, Strict", desired: UNKNOWN_FIELD, outcome: refused },
  {
    title: "foreign owned empty container left",
    met: "held",
    act: async (it) => {
      await it.merge(spec({ gmap: { other: "7" } }));
      await it.merge(spec({ gmap: { other: null } }));
    },
    outcome: repaired(1),
  },
  { title: "foreign Apply spec:{} only", act: (it) => it.apply(spec({}), "other"), outcome: inSync },
  {
    title: "map list element with odd name",
    act: (it) => it.edit([{ op: "add", path: "/spec/byName/-", value: { name: 'a"b/~é\\n' } }]),
    outcome: repaired(1),
  },
  {
    title: "set element odd",
    act: (it) => it.edit([{ op: "add", path: "/spec/set/-", value: 'q"/~<>&' }]),
    outcome: repaired(1),
  },
];

function spec(fields: JsonObject): JsonObject {
  return { spec: fields };
}
