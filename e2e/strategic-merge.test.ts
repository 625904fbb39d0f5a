/** Strategic merge patches, as ours are and as the API server's: the table of keys, and what comes of random patches. */

import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  builtInSchema,
  groupOf,
  isEqual,
  isJsonObject,
  type Json,
  type JsonObject,
  type MergeSchema,
  strategicMerge,
  valueAt,
} from "../src/object/index.ts";
import { BUILT_IN_KINDS, BUILT_IN_TYPES } from "../src/object/merge-table.ts";
import { type Answer, type Api, connectApi } from "./exact-drift/api.ts";
import { type Cluster, startCluster } from "./harness/index.ts";
import { createRandom } from "./property/random.ts";
import { type Published, publishedMerges } from "./strategic-merge/published.ts";
import { type Sample, sampleFrom } from "./strategic-merge/samples.ts";

const PATCHES = Number(process.env.PERENNIAL_MERGE_PATCHES ?? 400);
const SEED = process.env.PERENNIAL_MERGE_SEED ?? randomUUID().slice(0, 8);

let cluster: Cluster;
let api: Api;

beforeAll(async () => {
  cluster = await startCluster();
  api = await connectApi(cluster.plane);
});

afterAll(async () => {
  await api?.close();
  await cluster?.stop();
});

describe("the table of merge keys", () => {
  it("says of every kind what the API server's OpenAPI says", async () => {
    const { body } = await api.send({ method: "GET", path: "/openapi/v2" });
    const published = publishedMerges(body);
    expect(published.size).toBeGreaterThan(60);
    for (const [key, { fields = {} }] of published) {
      const [group = "", kind = ""] = key.split("/");
      expect(ours(builtInSchema({ group, kind }), fields), key).toEqual(fields);
    }
  });

  it("has nothing that the API server does not have", async () => {
    const { body } = await api.send({ method: "GET", path: "/openapi/v2" });
    const published = publishedMerges(body);
    expect(Object.keys(BUILT_IN_KINDS).filter((kind) => !published.has(kind))).toEqual([]);
    for (const [key, fields] of Object.entries(BUILT_IN_KINDS))
      expect(
        words(fields).filter((word) => !isPublished(word, published.get(key) ?? {})),
        key,
      ).toEqual([]);
  });
});

/** The schema in the words of the OpenAPI, with the fields that may be asked for. */
function ours(schema: MergeSchema, asked: { [field: string]: Published }): { [field: string]: Published } {
  return Object.fromEntries(
    Object.entries(asked).map(([field, { fields }]) => {
      const { keys, replaced, field: child } = schema.field(field);
      const below = fields === undefined ? undefined : ours({ field: child }, fields);
      const own: Published = {
        ...(keys === undefined ? {} : { keys: keys.map(({ name }) => name) }),
        ...(replaced === true ? { replaced } : {}),
        ...(below === undefined ? {} : { fields: below }),
      };
      return [field, own];
    }),
  );
}

function words(fields: string): string[] {
  return fields.split(" ").filter((word) => word !== "");
}

/** The word and all that the types it leads to say. */
function isPublished(word: string, { fields = {} }: Published): boolean {
  const [, field = "", keys, replaced, type] = /^([^[:=]+)(?:\[([^\]]*)\])?(=)?(?::(.+))?$/.exec(word) ?? [];
  const there = fields[field];
  if (there === undefined) return false;
  if (keys !== there.keys?.join(",") || (replaced !== undefined) !== (there.replaced === true)) return false;
  return type === undefined || words(BUILT_IN_TYPES[type] ?? "").every((inner) => isPublished(inner, there));
}

describe(`strategic merge patches, PERENNIAL_MERGE_SEED=${SEED}`, () => {
  it(`give what the API server gives, for ${PATCHES} random ones`, async () => {
    const outcomes = { merged: 0, refused: 0 };
    const owners = await createOwners();
    for (let i = 0; i < PATCHES; i++) {
      const sample = sampleFrom(createRandom(`${SEED} ${i}`), `sample-${i}`, owners);
      const told = JSON.stringify({ seed: `${SEED} ${i}`, ...sample });
      outcomes[await compare(sample, told)]++;
    }
    expect(outcomes.merged).toBeGreaterThan(PATCHES * 0.6);
  }, 300_000);
});

async function createOwners(): Promise<JsonObject[]> {
  const path = "/api/v1/namespaces/default/configmaps";
  const answers = ["p", "q", "r"].map(async (name) => {
    const { body } = await api.send({ method: "POST", path, body: { metadata: { name } } });
    return { name, uid: valueAt(body, ["metadata", "uid"]) ?? "" };
  });
  return Promise.all(answers);
}

/** The patch as the server merges it, beside our result as the server stores it. */
async function compare(sample: Sample, told: string): Promise<"merged" | "refused"> {
  const { path, object, patch } = sample;
  const created = await api.send({ method: "POST", path, body: object });
  expect(created.status, `${told} ${JSON.stringify(created.body)}`).toBe(201);
  const { theirs, put } = await mergeBoth(sample, told);
  expect(put.status, `${told} ${JSON.stringify([put.body, theirs.body])}`).toBe(theirs.status);
  if (theirs.status !== 200) return "refused";
  const isOrdered = JSON.stringify(patch).includes("$setElementOrder");
  const [mine, wanted] = [comparable(put.body, isOrdered), comparable(theirs.body, isOrdered)];
  if (!isEqual(mine, wanted)) expect(mine, told).toEqual(wanted);
  return "merged";
}

/** A controller may write the status in between: then both are asked again. */
async function mergeBoth(
  { kind, path, object, patch }: Sample,
  told: string,
): Promise<{ theirs: Answer; put: Answer }> {
  const name = `${path}/${valueAt(object, ["metadata", "name"])}`;
  const query = { dryRun: "All" };
  const contentType = "application/strategic-merge-patch+json";
  const { body: live } = await api.send({ method: "GET", path: name });
  const theirs = await api.send({ method: "PATCH", path: name, query, contentType, body: patch });
  const schema = builtInSchema({ group: groupOf(String(object.apiVersion)), kind });
  const merged = strategicMerge(isJsonObject(live) ? live : {}, patch, { schema });
  expect(merged.ok, told).toBe(true);
  const put = await api.send({ method: "PUT", path: name, query, body: merged.ok ? merged.value : null });
  return put.status === 409 ? mergeBoth({ kind, path, object, patch }, told) : { theirs, put };
}

/** Lists that are merged by a key, in the order of their keys: which comes first is our own affair. */
const UNORDERED =
  /^(?:env|ports|volumes|volumeMounts|imagePullSecrets|hostAliases|secrets|webhooks|matchConditions|finalizers|ownerReferences)$/;

function comparable(value: Json, isOrdered: boolean, field = ""): Json {
  if (Array.isArray(value)) {
    const items = value.map((item) => comparable(item, isOrdered));
    const isFree = UNORDERED.test(field) || (field === "containers" && !isOrdered);
    return isFree ? items.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)) : items;
  }
  if (!isJsonObject(value)) return value;
  const {
    managedFields: _managedFields,
    resourceVersion: _version,
    generation: _generation,
    status: _status,
    ...rest
  } = value;
  return Object.fromEntries(
    Object.keys(rest)
      .sort((a, b) => (a < b ? -1 : 1))
      .map((key) => [key, comparable(rest[key] ?? null, isOrdered, key)]),
  );
}
