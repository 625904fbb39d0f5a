/** Deployment: lists within lists, a controller that writes beside us, a template in which everything counts. */

import type { JsonObject } from "../../../src/object/index.ts";
import { waitUntil } from "../../harness/index.ts";
import type { Hands } from "../hands.ts";
import { CONTAINER, DEPLOYMENT, DEPLOYMENT_WITHOUT_REPLICAS, POD_TEMPLATE } from "../kinds.ts";
import { inSync, notAccepted, repaired, type Scenario } from "../scenario.ts";

const TEMPLATE = "/spec/template/spec";
const SIDECAR = { name: "sidecar", image: "other:1" };
const HOST_ROOT = { name: "scratch", hostPath: { path: "/" } };
const RESTARTED_AT = "kubectl.kubernetes.io/restartedAt";
const ON_LINUX = withPodSpec({ nodeSelector: { "kubernetes.io/os": "linux" } });

export const DEPLOYMENT_SCENARIOS: readonly Scenario[] = [
  { title: "sidecar added", act: (it) => it.strategic(podSpec({ containers: [SIDECAR] })), outcome: repaired(1) },
  {
    title: "env added (map list)",
    act: (it) => it.strategic(container({ env: [{ name: "DEBUG", value: "yes" }] })),
    outcome: repaired(1),
  },
  {
    title: "env value 1000m->1 (string!)",
    act: (it) => it.strategic(container({ env: [{ name: "A", value: "1" }] })),
    outcome: repaired(1),
  },
  {
    title: "duplicate env key by Update",
    act: (it) => it.edit([{ op: "add", path: `${TEMPLATE}/containers/0/env/-`, value: { name: "A", value: "other" } }]),
    outcome: repaired(1),
  },
  {
    title: "duplicate env key equal value",
    act: (it) => it.edit([{ op: "add", path: `${TEMPLATE}/containers/0/env/-`, value: { name: "A", value: "1000m" } }]),
    outcome: repaired(1),
  },
  {
    title: "initContainers reordered",
    act: (it) =>
      it.edit([{ op: "move", from: `${TEMPLATE}/initContainers/1`, path: `${TEMPLATE}/initContainers/0` }], {
        as: "kubectl-replace",
      }),
    outcome: repaired(1),
  },
  {
    title: "foreign container inserted first",
    act: (it) => it.edit([{ op: "add", path: `${TEMPLATE}/containers/0`, value: SIDECAR }]),
    outcome: repaired(1),
  },
  {
    title: "rollout restart annotation",
    act: (it) => it.strategic(annotated({ [RESTARTED_AT]: "2026-01-02T03:04:05Z" }), { as: "kubectl-rollout" }),
    keeps: ["/spec/template/metadata/annotations"],
    outcome: inSync,
  },
  {
    title: "replicas by scale, desired has replicas",
    act: (it) => it.merge({ spec: { replicas: 4 } }, { as: "kube-controller-manager", subresource: "scale" }),
    outcome: repaired(1),
  },
  {
    title: "replicas by scale, desired without replicas",
    desired: DEPLOYMENT_WITHOUT_REPLICAS,
    act: (it) => it.merge({ spec: { replicas: 4 } }, { as: "kube-controller-manager", subresource: "scale" }),
    keeps: ["/spec/replicas"],
    outcome: inSync,
  },
  {
    title: "replicas by kubectl edit, desired without replicas",
    desired: DEPLOYMENT_WITHOUT_REPLICAS,
    act: (it) => it.merge({ spec: { replicas: 4 } }),
    outcome: repaired(1),
  },
  {
    title: "default edited: progressDeadlineSeconds",
    act: (it) => it.merge({ spec: { progressDeadlineSeconds: 30 } }),
    outcome: repaired(1),
  },
  {
    title: "strategy Recreate",
    act: (it) => it.merge({ spec: { strategy: { type: "Recreate", rollingUpdate: null } } }),
    outcome: repaired(1),
  },
  {
    title: "strategy maxSurge",
    act: (it) => it.merge({ spec: { strategy: { rollingUpdate: { maxSurge: 7 } } } }),
    outcome: repaired(1),
  },
  {
    title: "nodeSelector added",
    act: (it) => it.merge(podSpec({ nodeSelector: { disk: "fast" } })),
    outcome: repaired(1),
  },
  {
    title: "securityContext {} -> privileged",
    act: (it) => it.strategic(container({ securityContext: { privileged: true } })),
    outcome: repaired(1),
  },
  {
    title: "hostNetwork + volumes",
    act: (it) => it.strategic(podSpec({ hostNetwork: true, volumes: [HOST_ROOT] })),
    outcome: repaired(1),
  },
  {
    title: "command (atomic) added",
    act: (it) => it.strategic(container({ command: ["sleep", "1d"] })),
    outcome: repaired(1),
  },
  {
    title: "emptyDir {} -> hostPath",
    desired: withPodSpec({ volumes: [{ name: "scratch", emptyDir: {} }] }),
    act: (it) => it.edit([{ op: "replace", path: `${TEMPLATE}/volumes/0`, value: HOST_ROOT }]),
    outcome: repaired(2),
  },
  {
    title: "image nginx(latest)->nginx:1.2: imagePullPolicy sticky",
    desired: withPodSpec({ containers: [{ ...CONTAINER, image: "nginx" }] }),
    change: DEPLOYMENT,
    outcome: repaired(2),
  },
  {
    title: "container port protocol UDP dup (80/UDP added)",
    act: (it) =>
      it.edit([{ op: "add", path: `${TEMPLATE}/containers/0/ports/-`, value: { containerPort: 80, protocol: "UDP" } }]),
    outcome: repaired(2),
  },
  {
    title: "POST by kubectl then adopted (owns all defaults)",
    before: (it) => it.create(DEPLOYMENT),
    outcome: repaired(2),
  },
  {
    title: "POST with extras then adopted",
    before: (it) =>
      it.create({
        spec: {
          ...withPodSpec({ nodeSelector: { disk: "fast" }, containers: [CONTAINER, SIDECAR] }).spec,
          revisionHistoryLimit: 2,
        },
      }),
    outcome: repaired(2),
  },
  {
    title: "mf cleared, no extras",
    act: (it) => it.clearManagedFields(),
    ownershipOnly: true,
    outcome: repaired(4),
  },
  {
    title: "2 foreign managers: element + subfield",
    met: "held",
    act: async (it) => {
      await it.strategic(podSpec({ containers: [SIDECAR] }), { as: "manager-1" });
      const env = [{ name: "DEBUG", value: "yes" }];
      await it.strategic(podSpec({ containers: [{ name: SIDECAR.name, env }] }), { as: "manager-2" });
    },
    outcome: repaired(1),
  },
  {
    title: "many removals at mixed indexes",
    act: (it) =>
      it.edit(
        [
          { op: "add", path: `${TEMPLATE}/containers/0/env/0`, value: { name: "FIRST", value: "1" } },
          { op: "add", path: `${TEMPLATE}/containers/0/env/2`, value: { name: "MIDDLE", value: "1" } },
          { op: "add", path: `${TEMPLATE}/containers/0/env/-`, value: { name: "LAST", value: "1" } },
          { op: "add", path: `${TEMPLATE}/containers/0`, value: { name: "before", image: "other:1" } },
          { op: "add", path: `${TEMPLATE}/containers/-`, value: { name: "after", image: "other:1" } },
        ],
        { as: "kubectl-replace" },
      ),
    outcome: repaired(1),
  },
  {
    title: "nodeSelector key with / added",
    act: (it) => it.merge(podSpec({ nodeSelector: { "kubernetes.io/os": "linux" } })),
    outcome: repaired(1),
  },
  {
    title: "pod template annotation foreign (not restartedAt)",
    act: (it) => it.merge(annotated({ "example.com/note": "mine" })),
    outcome: repaired(1),
  },
  {
    title: "foreign deletes + recreates with own content",
    met: "held",
    act: (it) => recreate(it, { spec: { ...ON_LINUX.spec, ...selecting({ app: "other" }) } }),
    outcome: notAccepted("spec.selector"),
  },
  {
    title: "foreign deletes + recreates with a nodeSelector of its own",
    met: "held",
    act: (it) => recreate(it, ON_LINUX),
    outcome: repaired(2),
    beyond:
      "the probe's very input: nothing of it is immutable, so it can be put right, and the probe itself does so when the controllers leave it the time",
  },
];

function podSpec(spec: JsonObject): JsonObject {
  return { spec: { template: { spec } } };
}

/** A change of the container that the policy wants. */
function container(change: JsonObject): JsonObject {
  return podSpec({ containers: [{ name: CONTAINER.name, ...change }] });
}

function annotated(annotations: JsonObject): JsonObject {
  return { spec: { template: { metadata: { annotations } } } };
}

/** The Deployment with a Pod that is another one in these fields. */
function withPodSpec(change: JsonObject) {
  const template = { ...POD_TEMPLATE, spec: { ...POD_TEMPLATE.spec, ...change } };
  return { spec: { ...DEPLOYMENT.spec, template } };
}

/** Which Pods a Deployment is about can never be changed. */
function selecting(labels: JsonObject) {
  const template = { ...ON_LINUX.spec.template, metadata: { labels } };
  return { selector: { matchLabels: labels }, template };
}

async function recreate(it: Hands, content: JsonObject): Promise<void> {
  await it.remove();
  await waitUntil("the Deployment is gone", async () => (await it.live()) === undefined);
  await it.create(content);
}
