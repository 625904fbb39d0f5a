/** ResourceQuota and LimitRange: quantities in many forms, maps, an atomic list. */

import { inSync, refused, repaired, type Scenario } from "../scenario.ts";

export const RESOURCE_QUOTA_SCENARIOS: readonly Scenario[] = [
  { title: "add map key", act: (it) => it.merge({ spec: { hard: { services: "3" } } }), outcome: repaired(2) },
  { title: "edit quantity", act: (it) => it.merge({ spec: { hard: { "requests.cpu": "16" } } }), outcome: repaired(1) },
  {
    title: "foreign rewrites equal quantity 4 as 4000m",
    act: (it) => it.merge({ spec: { hard: { "requests.cpu": "4000m" } } }),
    outcome: inSync,
  },
  { title: "remove key", act: (it) => it.merge({ spec: { hard: { pods: null } } }), outcome: repaired(1) },
  {
    title: "add scopes (atomic)",
    act: (it) =>
      it.merge({
        spec: {
          scopes: ["BestEffort"],
          hard: { "requests.cpu": null, "limits.memory": null, "count/configmaps": null }, // what that scope cannot count
        },
      }),
    outcome: refused,
  },
  {
    title: "whole spec replaced by PUT",
    act: (it) => it.replace({ spec: { hard: { pods: "2" } } }),
    outcome: repaired(1),
  },
  {
    title: "unowned addition, deep check",
    met: "down",
    act: async (it) => {
      await it.merge({ spec: { hard: { services: "3" } } });
      await it.keepOnlyEntriesOf("perennial");
    },
    outcome: repaired(1),
  },
];

export const LIMIT_RANGE_SCENARIOS: readonly Scenario[] = [
  {
    title: "edit nested in atomic",
    act: (it) => it.edit([{ op: "replace", path: "/spec/limits/0/default/cpu", value: "8" }]),
    outcome: repaired(1),
  },
  {
    title: "add nested in atomic",
    act: (it) => it.edit([{ op: "add", path: "/spec/limits/0/max", value: { cpu: "64" } }]),
    outcome: repaired(1),
  },
  {
    title: "add element",
    act: (it) => it.edit([{ op: "add", path: "/spec/limits/-", value: { type: "Pod", max: { memory: "64Gi" } } }]),
    outcome: repaired(1),
  },
  {
    title: "remove element",
    act: (it) => it.edit([{ op: "remove", path: "/spec/limits/0/default/memory" }]),
    outcome: repaired(1),
  },
];
