/**
 * Every edit of a policy, while the operator runs and while it is away: the new state is applied, the old one is pruned, and
 * what stays as it was is not written.
 */

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Cluster,
  clusterPolicy,
  configMap,
  edit,
  hasData,
  type Labels,
  laterEventProcessed,
  namespace,
  namespacesLabelled,
  type OperatorProcess,
  type Place,
  startCluster,
  startOperator,
  storedConfigMap,
  type TestRule,
  TRIGGER_NAME,
  versionOf,
  waitForCondition,
  waitForObject,
  waitUntilGone,
} from "./harness/index.ts";

let cluster: Cluster;
let operator: OperatorProcess;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "perennial-edits-"));
  cluster = await startCluster();
  await start();
  const origin = storedConfigMap("vault", "origin", { from: "origin" });
  await cluster.apply(namespace("vault"), namespace("archive"), origin);
});

afterAll(async () => {
  await operator?.stop();
  await cluster?.stop();
  await rm(folder, { recursive: true, force: true });
});

async function start(): Promise<void> {
  operator = await startOperator(cluster, { flags: ["--prune-delay=1s"] });
}

/** Places as `kind namespace/name`, where `A` is the namespace that triggers. */
type Row = {
  what: string;
  before: Partial<TestRule>;
  after: Partial<TestRule>;
  /** With the data that the objects have afterwards. */
  there?: { [place: string]: Labels };
  gone?: string[];
  /** Not written, nor made again. */
  untouched?: string[];
  /** Perhaps written, but the same objects. */
  same?: string[];
  /** Somebody does this before the edit. */
  meanwhile?: { [place: string]: Labels };
  /** How the policy is replaced; by default it is applied. */
  replace?: "--force";
};

const SETTINGS = "configmap A/settings";
const made = (data: Labels = { k: "v" }, more: object = {}): object => configMap("settings", data, more);
const inPlace = (where: string): object => configMap(`${TRIGGER_NAME}-record`, { of: "x" }, { namespace: where });
const secret = {
  apiVersion: "v1",
  kind: "Secret",
  name: "settings",
  namespace: TRIGGER_NAME,
  data: { type: "Opaque" },
};
const copied = {
  ...{ apiVersion: "v1", kind: "ConfigMap", name: "settings", namespace: TRIGGER_NAME },
  clone: { namespace: "vault", name: "origin" },
};
const listed = (...names: string[]): object => ({
  foreach: [
    {
      list: `parse_json('${JSON.stringify(names)}')`,
      ...configMap("{{ element }}", { k: "v" }),
    },
  ],
});

const ROWS: Row[] = [
  {
    what: "rename a rule",
    before: { name: "first", generate: made() },
    after: { name: "second", generate: made() },
    there: { [SETTINGS]: { k: "v" } },
    same: [SETTINGS],
  },
  {
    what: "change the data",
    before: { generate: made({ k: "v", old: "1" }) },
    after: { generate: made({ k: "w" }) },
    there: { [SETTINGS]: { k: "w" } },
    same: [SETTINGS],
  },
  {
    what: "change the kind",
    before: { generate: made() },
    after: { generate: secret },
    there: { "secret A/settings": {} },
    gone: [SETTINGS],
  },
  {
    what: "change the name",
    before: { generate: made() },
    after: { generate: configMap("renamed", { k: "v" }) },
    there: { "configmap A/renamed": { k: "v" } },
    gone: [SETTINGS],
  },
  {
    what: "change the namespace",
    before: { generate: inPlace("vault") },
    after: { generate: inPlace("archive") },
    there: { "configmap archive/A-record": { of: "x" } },
    gone: ["configmap vault/A-record"],
  },
  {
    what: "turn synchronize off",
    before: { generate: made() },
    after: { generate: made({ k: "later" }, { synchronize: false }) },
    there: { [SETTINGS]: { k: "v" } },
    untouched: [SETTINGS],
  },
  {
    what: "turn synchronize on",
    before: { generate: made({ k: "v" }, { synchronize: false }) },
    meanwhile: { [SETTINGS]: { k: "edited", more: "1" } },
    after: { generate: made() },
    there: { [SETTINGS]: { k: "v" } },
    same: [SETTINGS],
  },
  {
    what: "change match",
    before: { generate: made() },
    after: { generate: made(), match: namespacesLabelled("nobody") },
    gone: [SETTINGS],
  },
  {
    what: "write the same match in another form",
    before: { generate: made() },
    after: { generate: made(), match: { any: [{ resources: { kinds: ["v1/Namespace"], names: ["A"] } }] } },
    there: { [SETTINGS]: { k: "v" } },
    untouched: [SETTINGS],
  },
  {
    what: "exclude what matches",
    before: { generate: made() },
    after: { generate: made(), exclude: { any: [{ resources: { kinds: ["Namespace"], names: ["A"] } }] } },
    gone: [SETTINGS],
  },
  {
    what: "add a precondition that does not hold",
    before: { generate: made() },
    after: { generate: made(), preconditions: { all: [{ key: "a", operator: "Equals", value: "b" }] } },
    gone: [SETTINGS],
  },
  {
    what: "add a context that changes nothing",
    before: { generate: made() },
    after: { generate: made({ k: "{{ value }}" }), context: [{ name: "value", variable: { value: "v" } }] },
    there: { [SETTINGS]: { k: "v" } },
    untouched: [SETTINGS],
  },
  {
    what: "swap data for clone",
    before: { generate: made() },
    after: { generate: copied },
    there: { [SETTINGS]: { from: "origin" } },
    same: [SETTINGS],
  },
  {
    what: "swap clone for data",
    before: { generate: copied },
    after: { generate: made() },
    there: { [SETTINGS]: { k: "v" } },
    same: [SETTINGS],
  },
  {
    what: "swap data for foreach",
    before: { generate: made() },
    after: { generate: listed("settings", "second") },
    there: { [SETTINGS]: { k: "v" }, "configmap A/second": { k: "v" } },
    untouched: [SETTINGS],
  },
  {
    what: "shorten the list of foreach",
    before: { generate: listed("settings", "second") },
    after: { generate: listed("settings") },
    there: { [SETTINGS]: { k: "v" } },
    gone: ["configmap A/second"],
    untouched: [SETTINGS],
  },
  {
    what: "say that objects stay when the policy goes",
    before: { generate: made() },
    after: { generate: made({ k: "v" }, { orphanDownstreamOnPolicyDelete: true }) },
    there: { [SETTINGS]: { k: "v" } },
    untouched: [SETTINGS],
  },
  {
    what: "replace it, by force, with the same",
    before: { generate: made() },
    after: { generate: made() },
    replace: "--force",
    there: { [SETTINGS]: { k: "v" } },
    untouched: [SETTINGS],
  },
  {
    what: "replace it, by force, with another one",
    before: { generate: made() },
    after: { generate: configMap("renamed", { k: "v" }) },
    replace: "--force",
    there: { "configmap A/renamed": { k: "v" } },
    gone: [SETTINGS],
  },
];

/** With one rule that is edited, and one that never is. */
function policyOf(name: string, rule: Partial<TestRule>, space: string): object {
  const match = namespacesLabelled(name);
  const edited = { name: "edited", match, generate: {}, ...rule };
  const bystander = { name: "bystander", match, generate: configMap("bystander", { of: TRIGGER_NAME }) };
  return JSON.parse(JSON.stringify(clusterPolicy(name, edited, bystander)).replaceAll('"A"', JSON.stringify(space)));
}

function placeIn(space: string, text: string): Place {
  const [resource = "", where = "", name = ""] = text
    .replace("A/", `${space}/`)
    .replace("A-", `${space}-`)
    .split(/[ /]/);
  return [resource, where, name];
}

/** Its current generation was planned, and all is as it should be. */
async function settled(name: string): Promise<void> {
  const { metadata } = await waitForObject(cluster, ["pcpol", "", name]);
  await waitForObject(cluster, ["pcpol", "", name], ({ status }) =>
    JSON.stringify(status ?? {}).includes(`"observedGeneration":${metadata.generation}`),
  );
  await waitForCondition(cluster, name, { type: "InSync", status: "True" });
}

async function replacePolicy(policy: object, how: Row["replace"]): Promise<void> {
  if (how === undefined) return cluster.apply(policy);
  const file = join(folder, "policy.json");
  await writeFile(file, JSON.stringify(policy));
  await cluster.kubectl("replace", how, "-f", file);
}

describe.each(["runs", "is away"] as const)("while the operator %s", (mode) => {
  const rows = ROWS.map((row, i) => ({ ...row, name: `${mode === "runs" ? "live" : "away"}-${i}` }));

  it.each(rows)("$what", async ({ name, before, after, ...row }) => {
    const space = `${name}-a`;
    const at = (text: string): Place => placeIn(space, text);
    const [there, gone, untouched, same] = [row.there ?? {}, row.gone ?? [], row.untouched ?? [], row.same ?? []];
    await cluster.apply(namespace(space, { [name]: "yes" }), policyOf(name, before, space));
    const kept = ["configmap A/bystander", ...untouched];
    for (const text of [...kept, ...gone, ...same]) await waitForObject(cluster, at(text));
    for (const [text, data] of Object.entries(row.meanwhile ?? {})) await edit(cluster, at(text), data);
    await settled(name);
    const versions = await Promise.all(kept.map(async (text) => versionOf(await waitForObject(cluster, at(text)))));
    const uids = await Promise.all(same.map(async (text) => (await waitForObject(cluster, at(text))).metadata.uid));

    if (mode === "is away") await operator.stop();
    await replacePolicy(policyOf(name, after, space), row.replace);
    if (mode === "is away") await start();
    await settled(name);

    for (const [text, data] of Object.entries(there)) await waitForObject(cluster, at(text), hasData(data));
    for (const text of gone) await waitUntilGone(cluster, at(text));
    await laterEventProcessed(cluster, operator);
    const found = await Promise.all(kept.map(async (text) => versionOf(await waitForObject(cluster, at(text)))));
    expect(found).toEqual(versions);
    const left = await Promise.all(same.map(async (text) => (await waitForObject(cluster, at(text))).metadata.uid));
    expect(left).toEqual(uids);
  });
});
