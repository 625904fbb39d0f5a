/** etcd is restored from a backup: resource versions go back, and what the operator remembers was never so. */

import { expect, it } from "vitest";
import {
  clusterPolicy,
  configMap,
  hasData,
  namespace,
  namespacesLabelled,
  startCluster,
  startOperator,
  storedConfigMap,
  TRIGGER_NAME,
  waitForCondition,
  waitForObject,
  waitUntil,
} from "./harness/index.ts";

const LABEL = "restored";

it("ends the process, which says why, and the next one finds everything as it is now", {
  timeout: 180_000,
}, async () => {
  await using cluster = await startCluster();
  await using operator = await startOperator(cluster);
  const generate = configMap("settings", { owner: TRIGGER_NAME });
  await cluster.apply(
    clusterPolicy("settings", { name: "make", match: namespacesLabelled(LABEL), generate }),
    ...["kept", "edited"].map((name) => namespace(name, { [LABEL]: "yes" })),
  );
  for (const name of ["kept", "edited"]) await waitForObject(cluster, ["configmap", name, "settings"]);
  // what a backup may catch: a drift that was not put right yet
  await operator.stop();
  await cluster.apply(storedConfigMap("edited", "settings", { owner: "mallory" }));
  const backup = await cluster.plane.backUpEtcd();

  await using second = await startOperator(cluster);
  await waitForObject(cluster, ["configmap", "edited", "settings"], hasData({ owner: "edited" }));
  await cluster.apply(namespace("forgotten", { [LABEL]: "yes" }));
  await waitForObject(cluster, ["configmap", "forgotten", "settings"]);
  await waitForCondition(cluster, "settings", { type: "InSync", status: "True" });

  await cluster.plane.restoreEtcd(backup);
  await waitUntil("it ended", async () => second.exitCode !== undefined);
  expect(second.exitCode).toBe(1);
  expect(second.output()).toMatch(/^perennial: the cluster's storage went back to an earlier state.*start it again$/m);

  await using third = await startOperator(cluster);
  await waitForObject(cluster, ["configmap", "edited", "settings"], hasData({ owner: "edited" }));
  await cluster.apply(namespace("afterwards", { [LABEL]: "yes" }));
  await waitForObject(cluster, ["configmap", "afterwards", "settings"]);
  expect(await cluster.get("namespace", "", "forgotten")).toBeUndefined();
  expect(third.exitCode).toBeUndefined();
});
