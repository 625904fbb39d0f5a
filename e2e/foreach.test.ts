/** foreach: an object for each element of a list, which grows, shrinks, and may have elements that fail. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Cluster,
  clusterPolicy,
  edit,
  hasData,
  laterEventProcessed,
  namespace,
  type OperatorProcess,
  type Place,
  policyStatus,
  startCluster,
  startOperator,
  storedConfigMap,
  type TestRule,
  versionOf,
  waitForCondition,
  waitForObject,
  waitUntil,
  waitUntilGone,
} from "./harness/index.ts";

let cluster: Cluster;
let operator: OperatorProcess;

beforeAll(async () => {
  cluster = await startCluster();
  operator = await startOperator(cluster);
});

afterAll(async () => {
  await operator?.stop();
  await cluster?.stop();
});

/** For each team that the ConfigMap `teams` in the namespace of that name lists, what the entries make. */
function forTeams(where: string, ...foreach: object[]): object {
  const list = "split(request.object.data.teams, ',')";
  const rule: TestRule = {
    name: "teams",
    match: { any: [{ resources: { kinds: ["ConfigMap"], names: ["teams"], namespaces: [where] } }] },
    generate: { foreach: foreach.map((entry) => ({ list, ...entry })) },
  };
  return clusterPolicy(where, rule);
}

const SETTINGS = {
  apiVersion: "v1",
  kind: "ConfigMap",
  name: "{{ element }}-settings",
  data: { data: { team: "{{ element }}" } },
};

function at(where: string, team: string): Place {
  return ["configmap", where, `${team}-settings`];
}

async function setUp(where: string, teams: string, ...entries: object[]): Promise<void> {
  await cluster.apply(namespace(where), storedConfigMap(where, "teams", { teams }));
  await cluster.apply(forTeams(where, ...entries.map((entry) => ({ namespace: where, ...entry }))));
}

describe("foreach", () => {
  it("follows its list: new elements are made, vanished ones go, the others are not written", async () => {
    await setUp("follows", "red,green", SETTINGS);
    const red = await waitForObject(cluster, at("follows", "red"), hasData({ team: "red" }));
    await waitForObject(cluster, at("follows", "green"), hasData({ team: "green" }));
    await edit(cluster, ["configmap", "follows", "teams"], { teams: "blue,red" });
    await waitForObject(cluster, at("follows", "blue"), hasData({ team: "blue" }));
    await waitUntilGone(cluster, at("follows", "green"));
    await edit(cluster, at("follows", "blue"), { team: "mallory" });
    await waitForObject(cluster, at("follows", "blue"), hasData({ team: "blue" }));
    expect(versionOf(await waitForObject(cluster, at("follows", "red")))).toBe(versionOf(red));
  });

  it("has context and preconditions of its own for each element", async () => {
    await setUp("chosen", "red,green", {
      ...SETTINGS,
      context: [{ name: "label", variable: { jmesPath: "to_upper(element)" } }],
      preconditions: { all: [{ key: "{{ element }}", operator: "NotEquals", value: "green" }] },
      data: { data: { team: "{{ label }}" } },
    });
    await waitForObject(cluster, at("chosen", "red"), hasData({ team: "RED" }));
    await waitForCondition(cluster, "chosen", { type: "InSync", status: "True" });
    expect(await cluster.get(...at("chosen", "green"))).toBeUndefined();
  });

  it("copies, each element from a source of its own, and makes objects of several kinds", async () => {
    await cluster.apply(namespace("sources"), storedConfigMap("sources", "red", { from: "red" }));
    const copy = {
      apiVersion: "v1",
      kind: "ConfigMap",
      name: "{{ element }}-copy",
      clone: { namespace: "sources", name: "{{ element }}" },
    };
    const account = {
      apiVersion: "v1",
      kind: "ServiceAccount",
      name: "{{ element }}",
      data: { metadata: { labels: { team: "{{ element }}" } } },
    };
    await setUp("copies", "red,green", copy, account);
    await waitForObject(cluster, ["configmap", "copies", "red-copy"], hasData({ from: "red" }));
    await waitForObject(cluster, ["serviceaccount", "copies", "green"]);
    await waitForCondition(cluster, "copies", { type: "InSync", status: "False", reason: "SourceMissing" });
    await cluster.apply(storedConfigMap("sources", "green", { from: "green" }));
    await waitForObject(cluster, ["configmap", "copies", "green-copy"], hasData({ from: "green" }));
    await waitForCondition(cluster, "copies", { type: "InSync", status: "True" });
  });

  it("makes the others while an element fails, deletes nothing meanwhile, and says which one it is", async () => {
    const entry = {
      ...SETTINGS,
      data: { data: { team: "{{ element }}", size: '{{ request.object.data."{{ element }}" }}' } },
    };
    await cluster.apply(
      namespace("failing"),
      storedConfigMap("failing", "teams", { teams: "red,green", red: "1", green: "2" }),
    );
    await cluster.apply(forTeams("failing", { namespace: "failing", ...entry }));
    await waitForObject(cluster, at("failing", "green"), hasData({ team: "green", size: "2" }));
    await cluster.apply(storedConfigMap("failing", "teams", { teams: "red,blue", red: "3" }));
    await waitForObject(cluster, at("failing", "red"), hasData({ team: "red", size: "3" }));
    await waitForCondition(cluster, "failing", { type: "InSync", status: "False", reason: "ExpressionFailed" });
    await laterEventProcessed(cluster, operator);
    expect((await policyStatus(cluster, "failing")).failures?.[0]?.message).toContain("element 1: ");
    expect(await cluster.get(...at("failing", "green"))).toBeDefined();
    await edit(cluster, ["configmap", "failing", "teams"], { blue: "4" });
    await waitForObject(cluster, at("failing", "blue"), hasData({ team: "blue", size: "4" }));
    await waitUntilGone(cluster, at("failing", "green"));
  });

  it("refuses two elements that would make one object differently", async () => {
    await setUp("clash", "red,green", { ...SETTINGS, name: "same-settings" });
    await waitForCondition(cluster, "clash", { type: "InSync", status: "False", reason: "Conflict" });
    await waitUntil("the first one's is there", async () => {
      const made = await cluster.get(...at("clash", "same"));
      return made !== undefined && hasData({ team: "red" })(made);
    });
  });
});
