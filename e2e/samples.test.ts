/** The policies of samples/, all at once in one cluster: they make what they say, and put back what somebody changes. */

import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { contentOf, groupKindKey, isEqual, type KubernetesObject } from "../src/object/index.ts";
import { CUSTOM_KINDS, EXAMPLES, SAMPLE_KINDS, type Wanted } from "../src/plan/samples/index.ts";
import {
  type Cluster,
  condition,
  installDefinition,
  namespace,
  type OperatorProcess,
  type Place,
  policyStatus,
  ROOT,
  startCluster,
  startOperator,
  waitForObject,
  waitUntil,
} from "./harness/index.ts";

const FILES = globSync("**/*.yaml", { cwd: join(ROOT, "samples") });

let cluster: Cluster;
let operator: OperatorProcess;

beforeAll(async () => {
  cluster = await startCluster({ grantUsualKinds: false });
  await Promise.all(CUSTOM_KINDS.map((kind) => installDefinition(cluster, { ...kind, versions: [kind.version] })));
  const examples = Object.values(EXAMPLES);
  const objects = examples.flatMap(({ stored = [], trigger, other = trigger }) => [...stored, trigger, other]);
  await cluster.apply(...namespacesOf(objects));
  await cluster.apply(...objects.filter(({ kind }) => kind !== "Namespace"));
  for (const role of new Set(FILES.map(roleOf))) await cluster.kubectl("apply", ...role.split(" "));
  operator = await startOperator(cluster);
  await cluster.kubectl("apply", ...FILES.flatMap((file) => ["-f", join(ROOT, "samples", file)]));
});

afterAll(async () => {
  await operator?.stop();
  await cluster?.stop();
});

/** Those that examples write out, and those that others lie in. */
function namespacesOf(objects: readonly KubernetesObject[]): object[] {
  const written = objects.filter(({ kind }) => kind === "Namespace");
  const names = new Set(objects.flatMap(({ metadata }) => metadata.namespace ?? []));
  for (const { metadata } of written) names.delete(metadata.name);
  return [...written, ...Array.from(names, (name) => namespace(name))];
}

/** As its head says: `-f config/samples-rbac/network.yaml`. */
function roleOf(file: string): string {
  const head = readFileSync(join(ROOT, "samples", file), "utf8");
  return /^# Permissions: kubectl apply (-[fk] \S+)$/m.exec(head)?.[1] ?? expect.fail(`${file} names no role`);
}

/** Of `NetworkPolicy shop/allow-dns`. */
function placeOf(target: string): Place {
  const [kind = "", path = ""] = target.split(" ");
  const [first = "", second] = path.split("/");
  const resource = SAMPLE_KINDS.find((candidate) => candidate.kind === kind);
  if (resource === undefined) expect.fail(`${groupKindKey({ group: "", kind })} is missing in kinds.fixture.ts`);
  const name = resource.group === "" ? resource.plural : `${resource.plural}.${resource.group}`;
  return second === undefined ? [name, "", first] : [name, first, second];
}

/** Everything that is wanted is there; what the API server adds does not count. */
function has(found: unknown, wanted: Wanted | undefined): boolean {
  if (wanted instanceof RegExp) return typeof found === "string" && wanted.test(found);
  if (typeof wanted !== "object" || wanted === null) return found === wanted;
  if (typeof found !== "object" || found === null) return false;
  if (Array.isArray(wanted) && (!Array.isArray(found) || found.length !== wanted.length)) return false;
  const fields = new Map<string, unknown>(Object.entries(found));
  return Object.entries(wanted).every(([key, value]: [string, Wanted]) => has(fields.get(key), value));
}

/** What has to come back: the content, and labels and annotations, but for the one that counts how often a Deployment changed. */
function substanceOf(object: KubernetesObject) {
  const { labels = {}, annotations: found = {} } = object.metadata;
  const { "deployment.kubernetes.io/revision": _revision, ...annotations } = found;
  return { content: contentOf(object), labels, annotations };
}

describe.each(FILES)("samples/%s", (file) => {
  const { makes, change } = EXAMPLES[file] ?? expect.fail(`there is no example for ${file}`);
  const [first = ""] = Object.keys(makes);

  it.each(Object.entries(makes))("makes %s", async (target, wanted) => {
    await waitForObject(cluster, placeOf(target), (object) => has(object, wanted));
  });

  it("puts back what somebody changes, exactly as it was", async () => {
    const place = placeOf(first);
    const before = await waitForObject(cluster, place, (object) => has(object, makes[first]));
    const changed = await changedBySomebody(place, change);
    expect(substanceOf(changed)).not.toEqual(substanceOf(before));
    await waitForObject(cluster, place, (object) => isEqual(substanceOf(object), substanceOf(before)));
  });

  it("is ready and in sync", async () => {
    const name = /^ {2}name: (.+)$/m.exec(readFileSync(join(ROOT, "samples", file), "utf8"))?.[1] ?? "";
    await waitUntil(`${name} is in sync`, async () => {
      const status = await policyStatus(cluster, name);
      const states = ["Ready", "InSync"].map((type) => condition(status, type)?.status);
      if (states.every((state) => state === "True")) return true;
      throw new Error(JSON.stringify(status));
    });
  });
});

async function changedBySomebody([resource, where, name]: Place, patch: unknown): Promise<KubernetesObject> {
  const scope = where === "" ? [] : ["-n", where];
  const said = ["--type=merge", "-p", JSON.stringify(patch), "-o", "json"];
  return JSON.parse(await cluster.kubectl("patch", resource, name, ...scope, ...said));
}
