/** Secret and ServiceAccount: what the server rewrites, and what controllers add. */

import { inSync, repaired, type Scenario } from "../scenario.ts";

const STRING_DATA = { type: "Opaque", stringData: { p: "open sesame" } };
const TOKEN = { secrets: [{ name: "token" }] };

export const SECRET_SCENARIOS: readonly Scenario[] = [
  { title: "add key", act: (it) => it.merge({ data: { more: "eWVz" } }), outcome: repaired(1) },
  { title: "foreign stringData add", act: (it) => it.merge({ stringData: { more: "yes" } }), outcome: repaired(1) },
  {
    title: "foreign stringData edits our key",
    act: (it) => it.merge({ stringData: { p: "mallory" } }),
    outcome: repaired(1),
  },
  { title: "desired has stringData", desired: STRING_DATA, outcome: inSync },
  {
    title: "desired has stringData, foreign edits data.p",
    desired: STRING_DATA,
    act: (it) => it.merge({ data: { p: "eWVz" } }),
    outcome: repaired(1),
  },
  {
    title: "desired base64 non canonical",
    desired: { type: "Opaque", data: { p: "b3BlbiBz\nZXNhbWU=\n" } },
    outcome: inSync,
  },
];

export const SERVICE_ACCOUNT_SCENARIOS: readonly Scenario[] = [
  {
    title: "foreign imagePullSecret added (map list)",
    act: (it) => it.strategic({ imagePullSecrets: [{ name: "mallory" }] }),
    outcome: repaired(1),
  },
  {
    title: "secrets added by token controller-like",
    act: (it) => it.strategic(TOKEN, { as: "kube-controller-manager" }),
    keeps: ["/secrets"],
    outcome: inSync,
  },
  {
    title: "automount flipped",
    act: (it) => it.merge({ automountServiceAccountToken: true }),
    outcome: repaired(1),
  },
  {
    title: "imagePullSecrets not desired, foreign adds",
    desired: {},
    act: (it) => it.strategic({ imagePullSecrets: [{ name: "mallory" }] }),
    outcome: repaired(1),
  },
  {
    title: "KCM secret then 12 managers (ancient-changes)",
    act: async (it) => {
      await it.strategic(TOKEN, { as: "kube-controller-manager" });
      for (let i = 0; i < 12; i++)
        await it.merge({ metadata: { annotations: { [`note-${i}`]: "yes" } } }, { as: `manager-${i}` });
    },
    keeps: ["/secrets", "/metadata/annotations/note-11"],
    outcome: inSync,
  },
];
