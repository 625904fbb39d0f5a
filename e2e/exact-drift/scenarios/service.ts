/** Service: lists with keys, values that the server allocates, defaults that belong to whoever created it. */

import type { Operation } from "../hands.ts";
import { SERVICE } from "../kinds.ts";
import { inSync, repaired, type Scenario } from "../scenario.ts";

/** Of the range that is not given out of itself, so that nobody else has it. */
const NODE_PORT = 30021;
const PORT_81: readonly Operation[] = [{ op: "replace", path: "/spec/ports/0/port", value: 81 }];

export const SERVICE_SCENARIOS: readonly Scenario[] = [
  {
    title: "add port",
    act: (it) => it.strategic({ spec: { ports: [{ name: "back", port: 9000 }] } }),
    outcome: repaired(1),
  },
  {
    title: "edit port number 80->81 (key change, name clash)",
    act: (it) => it.edit(PORT_81),
    outcome: repaired(2),
  },
  {
    title: "edit targetPort",
    act: (it) => it.edit([{ op: "replace", path: "/spec/ports/0/targetPort", value: 9000 }]),
    outcome: repaired(1),
  },
  {
    title: "edit nodePort (unowned, allocated)",
    act: (it) => it.edit([{ op: "replace", path: "/spec/ports/0/nodePort", value: NODE_PORT }]),
    ownershipOnly: true, // a port is as good as another
    outcome: repaired(1),
  },
  {
    title: "selector key added",
    act: (it) => it.merge({ spec: { selector: { tier: "back" } } }),
    outcome: repaired(1),
  },
  {
    title: "externalIPs added",
    act: (it) => it.merge({ spec: { externalIPs: ["192.0.2.7"] } }),
    outcome: repaired(1),
  },
  {
    title: "type -> LoadBalancer",
    act: (it) => it.merge({ spec: { type: "LoadBalancer" } }),
    outcome: repaired(2),
  },
  {
    title: "sessionAffinity ClientIP",
    act: (it) => it.merge({ spec: { sessionAffinity: "ClientIP" } }),
    outcome: repaired(1),
  },
  { title: "port removed", act: (it) => it.edit([{ op: "remove", path: "/spec/ports/0" }]), outcome: repaired(1) },
  {
    title: "created by kubectl POST then adopted (owns defaults+clusterIP)",
    before: (it) => it.create(SERVICE),
    outcome: repaired(2),
  },
  {
    title: "created by kubectl POST w/ extra selector then adopted",
    before: (it) =>
      it.create({
        spec: {
          ...SERVICE.spec,
          selector: { ...SERVICE.spec.selector, tier: "back" },
          ports: [...SERVICE.spec.ports, { name: "back", port: 9000 }],
        },
      }),
    outcome: repaired(2),
  },
  { title: "PUT by foreign without change", act: (it) => it.replace(), outcome: inSync },
  {
    title: "ports: same port TCP+UDP desired, foreign edits UDP target",
    desired: {
      spec: {
        selector: { app: "names" },
        ports: [
          { name: "tcp", port: 53 },
          { name: "udp", port: 53, protocol: "UDP" },
        ],
      },
    },
    act: (it) => it.edit([{ op: "replace", path: "/spec/ports/1/targetPort", value: 9 }]),
    outcome: repaired(1),
  },
  {
    title: "edit port number 80->81, own entry dropped (name clash with what nobody owns)",
    met: "held",
    act: async (it) => {
      await it.edit(PORT_81);
      await it.keepOnlyEntriesOf("perennial");
    },
    outcome: repaired(3),
    beyond: "found by random deeds: an apply is refused because of a port that nobody owns, so no apply takes it out",
  },
  {
    title: "managedFields cleared, edit port number 80->81",
    met: "held",
    act: async (it) => {
      await it.clearManagedFields();
      await it.edit(PORT_81, { as: "perennial" });
    },
    outcome: repaired(4),
    beyond: "found by random deeds: the same, and nothing of it is ours any more",
  },
];
