/** The policies in samples/ do what they say, by the whole way from YAML to plan. */

import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { loadAll } from "js-yaml";
import { describe, expect, it } from "vitest";
import { asJson, type Json, type KubernetesObject, refOf, resourceKey } from "../object/index.ts";
import { parsePolicy } from "../policy/index.ts";
import { compilePolicy } from "../rule/index.ts";
import { createObjectStore } from "../state/index.ts";
import { planClaim } from "./plan.ts";
import { EXAMPLES, SAMPLE_KINDS, type SampleExample, type Wanted } from "./samples/index.ts";
import type { Step } from "./step.ts";
import { claimOf, emptyWorld, servePolicy, type TestWorld } from "./world.fixture.ts";

const ROOT = join(import.meta.dirname, "../..");
const SAMPLES = join(ROOT, "samples");
const FILES = globSync("**/*.yaml", { cwd: SAMPLES }).sort();
const INDEX = readFileSync(join(SAMPLES, "README.md"), "utf8");

type PolicyObject = KubernetesObject & { spec: { rules: Json[] } };

function policiesIn(file: string): PolicyObject[] {
  return loadAll(readFileSync(join(SAMPLES, file), "utf8")) as PolicyObject[]; // a test below has them parsed as policies
}

function worldWith(...objects: readonly KubernetesObject[]): TestWorld {
  const world = emptyWorld();
  world.mutations = "known";
  world.catalogue.replaceDiscovered(SAMPLE_KINDS);
  for (const kind of SAMPLE_KINDS) {
    const key = resourceKey(kind);
    const store = world.stores.get(key) ?? createObjectStore();
    store.swap();
    world.stores.set(key, store);
  }
  for (const object of objects) {
    const resource = world.catalogue.findKind(refOf(object));
    if (resource === undefined) expect.fail(`${object.kind} is missing in kinds.fixture.ts`);
    world.stores.get(resourceKey(resource))?.set(asStored(object));
  }
  return world;
}

function asStored({ metadata, ...object }: KubernetesObject): KubernetesObject {
  return { ...object, metadata: { ...metadata, uid: `uid-${metadata.name}`, resourceVersion: "1" } };
}

/** What all rules of a file make for one trigger that is there: `NetworkPolicy shop/default-deny`, and its content. */
function planSample(file: string, trigger: KubernetesObject): { [target: string]: object } {
  const world = worldWith(trigger, ...(exampleOf(file).stored ?? []));
  const plans = policiesIn(file).flatMap(({ metadata, spec }) => {
    const state = servePolicy(world, metadata.name, spec.rules);
    const rules = state.phase === "compiled" ? state.compiled.rules : [];
    return rules.map((rule) => planClaim(world, claimOf(state, rule.name, trigger)));
  });
  expect(plans.flatMap(({ failures }) => failures)).toEqual([]);
  const steps = plans.flatMap((plan) => plan.steps);
  const written = steps.map(appliedBy);
  expect(written).not.toContain(undefined);
  return Object.fromEntries(written.flatMap((object) => (object === undefined ? [] : [printed(object)])));
}

/** Of an object that exists, what is set. */
function appliedBy(step: Step): KubernetesObject | undefined {
  if (step.verb === "apply") return step.object;
  return step.verb === "mutate" && "applied" in step.write ? step.write.applied : undefined;
}

function printed({ apiVersion: _, kind, metadata, ...content }: KubernetesObject): [string, object] {
  const { namespace, name, labels = {}, annotations = {} } = metadata;
  const own = { labels: withoutMarks(labels), annotations: withoutMarks(annotations) };
  const said = Object.fromEntries(Object.entries(own).filter(([, values]) => Object.keys(values).length > 0));
  const target = `${kind} ${namespace === undefined ? name : `${namespace}/${name}`}`;
  return [target, { ...content, ...(Object.keys(said).length > 0 ? { metadata: said } : {}) }];
}

function withoutMarks(values: { [key: string]: string }): { [key: string]: string } {
  const isMark = (key: string): boolean => /perennial\.dev\/|^app\.kubernetes\.io\/managed-by$/.test(key);
  return Object.fromEntries(Object.entries(values).filter(([key]) => !isMark(key)));
}

/** A RegExp becomes something that vitest compares texts by. */
function matcher(wanted: Wanted): unknown {
  if (wanted instanceof RegExp) return expect.stringMatching(wanted);
  if (Array.isArray(wanted)) return wanted.map(matcher);
  if (typeof wanted !== "object" || wanted === null) return wanted;
  return Object.fromEntries(Object.entries(wanted).map(([key, value]) => [key, matcher(value)]));
}

function exampleOf(file: string): SampleExample {
  return EXAMPLES[file] ?? expect.fail(`say in src/plan/samples what samples/${file} acts on and makes`);
}

describe.each(FILES)("samples/%s", (file) => {
  const { trigger, other, makes } = exampleOf(file);

  it("holds policies that are valid and compile, for kinds that are served", () => {
    for (const object of policiesIn(file)) {
      const parsed = parsePolicy(asJson(object));
      if ("issues" in parsed) expect.fail(JSON.stringify(parsed.issues));
      const compiled = compilePolicy(parsed.policy, worldWith().catalogue);
      if (!compiled.ok) expect.fail(JSON.stringify(compiled.issues));
      expect(compiled.policy.unknownKinds).toEqual([]);
      expect(compiled.policy.rules.length).toBeGreaterThan(0);
    }
  });

  it("makes what it says for its trigger, and leaves no variable unresolved", () => {
    const made = planSample(file, trigger);
    expect(made).toEqual(matcher(makes));
    expect(JSON.stringify(made)).not.toContain("{{");
  });

  const others = other === undefined ? [] : [other];
  it.each(others.map((object) => [`${object.kind} ${object.metadata.name}`, object]))(
    "makes nothing for %s",
    (_, object) => {
      expect(planSample(file, object)).toEqual({});
    },
  );

  it("says in its head what it does, why, which role it needs, and how to try it", () => {
    const text = readFileSync(join(SAMPLES, file), "utf8");
    const [head = ""] = text.split(/^apiVersion:/m);
    expect(head).toMatch(/^# What: [\s\S]+^# Why: [\s\S]+^# Permissions: kubectl apply [\s\S]+^# Try it:/m);
    expect(head).toContain(`kubectl apply -f samples/${file}`);
    for (const [, , path = ""] of head.matchAll(/(-f|-k) ((?:samples|config)\/\S+)/g))
      expect(existsSync(join(ROOT, path)), path).toBe(true);
  });

  it("stands in the index, as it says of itself", () => {
    const names = policiesIn(file).map(({ metadata }) => metadata.name);
    expect(file).toBe(`${file.split("/")[0]}/${names.join()}.yaml`);
    expect(INDEX).toContain(`](${file})`);
  });
});

describe("samples/", () => {
  it("has the policies that are expected here", () => {
    expect(new Set(FILES)).toEqual(new Set(Object.keys(EXAMPLES)));
    expect(FILES.length).toBeGreaterThanOrEqual(25);
  });

  it("has an index that names nothing else", () => {
    const named = INDEX.matchAll(/\]\((\w[\w/.-]*\.yaml)\)/g);
    expect(new Set(Array.from(named, ([, file = ""]) => file))).toEqual(new Set(FILES));
  });

  it.each([
    ["quota/gpus.yaml", { "ResourceQuota plain/gpus": { spec: { hard: { "requests.nvidia.com/gpu": "0" } } } }],
    [
      "quota/no-load-balancers.yaml",
      {
        "ResourceQuota plain/load-balancers": {
          spec: { hard: { "services.loadbalancers": "0", "services.nodeports": "0" } },
        },
      },
    ],
  ])("%s allows nothing where nothing is said", (file, makes) => {
    expect(planSample(file, { apiVersion: "v1", kind: "Namespace", metadata: { name: "plain" } })).toEqual(makes);
  });
});
