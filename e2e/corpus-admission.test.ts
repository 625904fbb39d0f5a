/**
 * Policies that people use, of kyverno.io, at real admission: what their offline tests expect is in what the API server
 * answers. The corpus lies outside the project.
 */

import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { loadAll } from "js-yaml";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isEqual, isJsonObject, type Json, type JsonObject, type KubernetesObject } from "../src/object/index.ts";
import type { PolicyStatus } from "../src/policy/index.ts";
import {
  type Cluster,
  CONFIGURATION,
  installDefinition,
  installKyverno,
  namespace,
  type OperatorProcess,
  ROOT,
  startCluster,
  startOperator,
  waitUntil,
  webhookFlags,
} from "./harness/index.ts";

const FOLDER = join(process.env.PERENNIAL_CORPUS ?? join(ROOT, "../shared/corpus"), "policies");
const POLICIES = "clusterpolicies.kyverno.io";

type Result = { rule: string; kind?: string; resources: string[]; patchedResources?: string };
type OfflineTest = { file: string; policies: KubernetesObject[]; resources: KubernetesObject[]; results: Result[] };

/** Tests that lack files in the corpus, or take values from elsewhere. */
const LEFT_OUT = ["istio/add-ambient-mode-namespace", "other/dns-policy-and-dns-config"];

describe.skipIf(existsSync(FOLDER))("the policies of the corpus that mutate", () => {
  it.skip(`SKIPPED: there is no corpus at ${FOLDER}`, () => undefined);
});

describe.skipIf(!existsSync(FOLDER))("the policies of the corpus that mutate", () => {
  let cluster: Cluster;
  let operator: OperatorProcess;

  beforeAll(async () => {
    cluster = await startCluster();
    await installKyverno(cluster);
    const versions = ["v1beta1"];
    await installDefinition(cluster, {
      ...{ group: "external-secrets.io", kind: "ExternalSecret", plural: "externalsecrets", scope: "Namespaced" },
      versions,
    });
    operator = await startOperator(cluster, { flags: ["--kyverno", ...(await webhookFlags())] });
  });

  afterAll(async () => {
    await operator?.stop();
    await cluster?.stop();
  });

  async function serve({ apiVersion, kind, metadata, spec }: KubernetesObject): Promise<void> {
    await cluster.apply({ apiVersion, kind, metadata: { name: metadata.name }, spec });
    await waitUntil(`${metadata.name} is Ready`, async () => {
      const status = (await cluster.get(POLICIES, "", metadata.name))?.status as PolicyStatus | undefined;
      return status?.conditions?.[0]?.status === "True";
    });
  }

  function asked(): Promise<KubernetesObject | undefined> {
    return cluster.get("mutatingwebhookconfigurations", "", CONFIGURATION);
  }

  /** As the API server would store it. */
  async function admitted(object: KubernetesObject): Promise<Json> {
    const { namespace: where = "default" } = object.metadata;
    await cluster.apply(namespace(where));
    const args = ["create", "--dry-run=server", "-n", where, "-o", "json", "-f", "-"];
    const { code, stdout, stderr } = await cluster.tryKubectlWith(JSON.stringify(withoutToken(object)), ...args);
    return code === 0 ? JSON.parse(stdout) : stderr;
  }

  const tests = existsSync(FOLDER) ? readTests() : [];
  for (const { file, policies, resources, results } of tests) {
    it(`give what their tests expect: ${dirname(dirname(file))}`, async () => {
      const before = new Map<KubernetesObject, Json>();
      for (const object of resources) before.set(object, await admitted(object));
      for (const policy of policies) await serve(policy);
      const problems: string[] = [];
      for (const { rule, kind, resources: names, patchedResources } of results) {
        const patched = patchedResources === undefined ? [] : objectsIn(join(dirname(file), patchedResources));
        for (const name of names) {
          const object = find(resources, name, kind) ?? expect.fail(`${file}: no ${name}`);
          const wanted = find(patched, name, object.kind) ?? object; // where it is skipped, it stays as it was
          const found = await admitted(object);
          const missing = lacksIn(wanted as Json, found, ""); // an object is JSON
          const isLeft = isEqual(wanted as Json, object as Json);
          const changed = isLeft ? lacksIn(contentOf(found), contentOf(before.get(object)), "") : [];
          problems.push(...[...missing, ...changed].map((problem) => `${rule} ${name}${problem}`));
        }
      }
      expect(problems).toEqual([]);
      for (const { metadata } of policies) await cluster.kubectl("delete", POLICIES, metadata.name);
      // or they would still act on what the next test creates without a policy
      await waitUntil("they act no more", async () => (await asked()) === undefined);
    });
  }

  it("are all tried", () => expect(tests).toHaveLength(21));
});

function readTests(): OfflineTest[] {
  const files = globSync("**/kyverno-test.yaml", { cwd: FOLDER }).filter(
    (file) => !LEFT_OUT.includes(dirname(dirname(file))),
  );
  return files.flatMap((file) => {
    const [test = {}] = documentsIn(file) as { policies?: string[]; resources?: string[]; results?: Result[] }[]; // as written
    const read = (names: string[] = []) => names.flatMap((name) => objectsIn(join(dirname(file), name)));
    const policies = read(test.policies);
    if (!JSON.stringify(policies).includes('"mutate":')) return [];
    return [{ file, policies, resources: read(test.resources), results: (test.results ?? []).map(inNewWords) }];
  });
}

/** Older tests name one resource, and its patched form in the singular. */
function inNewWords({
  resource,
  patchedResource,
  ...result
}: Result & { resource?: string; patchedResource?: string }) {
  const patched = result.patchedResources ?? patchedResource;
  const resources = result.resources ?? (resource === undefined ? [] : [resource]);
  return { ...result, resources, ...(patched === undefined ? {} : { patchedResources: patched }) };
}

function documentsIn(file: string): unknown[] {
  return loadAll(readFileSync(join(FOLDER, file), "utf8")).filter(Boolean);
}

function objectsIn(file: string): KubernetesObject[] {
  return documentsIn(file) as KubernetesObject[]; // manifests
}

function find(objects: readonly KubernetesObject[], name: string, kind?: string): KubernetesObject | undefined {
  return objects.find(
    (object) => object.metadata.name === name.split("/").at(-1) && [undefined, object.kind].includes(kind),
  );
}

/** The API server would add a volume to every Pod. */
function withoutToken(object: KubernetesObject): object {
  return object.kind === "Pod"
    ? { ...object, spec: { ...(object.spec as object), automountServiceAccountToken: false } }
    : object;
}

/** Without what is another one for each request. */
function contentOf(object: Json | undefined): Json {
  if (object === undefined || !isJsonObject(object) || !isJsonObject(object.metadata ?? null)) return object ?? null;
  const { labels = {}, annotations = {} } = object.metadata as JsonObject; // as was just seen
  return { ...object, metadata: { labels, annotations } };
}

/** What is wanted and not there; what the API server fills in besides is not looked at. */
function lacksIn(wanted: Json, found: Json | undefined, path: string): string[] {
  if (Array.isArray(wanted) && Array.isArray(found) && wanted.length === found.length)
    return wanted.flatMap((item, i) => lacksIn(item, found[i], `${path}/${i}`));
  if (isJsonObject(wanted) && isJsonObject(found))
    return Object.entries(wanted as JsonObject).flatMap(([key, value]) => lacksIn(value, found[key], `${path}/${key}`));
  return isEqual(wanted, found ?? null)
    ? []
    : [`${path}: ${JSON.stringify(found)} instead of ${JSON.stringify(wanted)}`];
}
