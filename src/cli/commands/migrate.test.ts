import { loadAll } from "js-yaml";
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../object/index.ts";
import { InputError } from "../input-error.ts";
import { migrateFiles } from "../migrate.ts";
import { fileOf, infoRule, namespaceOf, policyOf } from "../plan.fixture.ts";
import { printPolicies } from "./migrate.ts";

const FOREIGN = { ...policyOf("p", infoRule()), apiVersion: "kyverno.io/v1" };

function problemsOf(...objects: JsonObject[]): readonly string[] {
  try {
    migrateFiles([fileOf(...objects)]);
    return [];
  } catch (error) {
    if (error instanceof InputError) return error.problems;
    throw error;
  }
}

describe("perennial migrate", () => {
  it("prints every policy of kyverno.io, and none of what stands beside it", () => {
    const { policies } = migrateFiles([fileOf(FOREIGN, namespaceOf("shop"), policyOf("ours", infoRule()))]);
    expect(policies).toMatchObject([
      { apiVersion: "perennial.dev/v1", kind: "ClusterPolicy", metadata: { name: "p" } },
    ]);
    expect(loadAll(printPolicies([...policies, ...policies]))).toEqual([...policies, ...policies]);
  });

  it("writes out every default, also those that both groups have", () => {
    const { policies } = migrateFiles([fileOf(FOREIGN)]);
    expect(policies).toMatchObject([
      {
        spec: {
          mode: "Correct",
          adoption: "IfUnmanaged",
          applyRules: "All",
          admission: true,
          background: true,
          pruneLimit: -1,
          rules: [
            {
              skipBackgroundRequests: true,
              generate: { synchronize: false, generateExisting: false, orphanDownstreamOnPolicyDelete: false },
            },
          ],
        },
      },
    ]);
    const mode = { "perennial.dev/mode": "Correct" };
    const chained = policyOf("c", infoRule({ skipBackgroundRequests: false }));
    const given = { ...chained, apiVersion: "kyverno.io/v1", metadata: { name: "c", annotations: mode } };
    expect(migrateFiles([fileOf(given)]).policies).toMatchObject([
      { spec: { mode: "Correct", rules: [{ skipBackgroundRequests: false }] } },
    ]);
  });

  it("gives text that YAML reads back as the same, whatever the strings hold", () => {
    const data = {
      data: { a: "{{ x }}: 'y'", b: "yes", c: "0x10", d: "two\nlines\n", e: " # no comment", f: "1e3", g: "" },
    };
    const policy = { ...policyOf("p", infoRule({}, { data })), apiVersion: "kyverno.io/v1" };
    const { policies } = migrateFiles([fileOf(policy)]);
    const again = migrateFiles([
      { path: "x", text: printPolicies(policies).replace("perennial.dev/v1", "kyverno.io/v1") },
    ]);
    expect(again.policies).toEqual(policies);
    expect(policies).toMatchObject([{ spec: { rules: [{ generate: { data } }] } }]);
  });

  it("tells on which policy a note is, and what this version would refuse", () => {
    const mutating = {
      ...policyOf("m", { name: "m", match: infoRule().match ?? null, mutate: {}, celPreconditions: [] }),
      apiVersion: "kyverno.io/v1",
    };
    const validating = { ...policyOf("v", { name: "v", validate: {} }), apiVersion: "kyverno.io/v1" };
    const { policies, notes } = migrateFiles([fileOf(mutating, validating)]);
    expect(policies).toHaveLength(1);
    expect(notes).toEqual([
      expect.stringMatching(
        /^objects.yaml, document 1: ClusterPolicy m: is refused as it stands: spec.rules\[0\].celPreconditions: /,
      ),
      expect.stringMatching(/^objects.yaml, document 2: ClusterPolicy v: spec.rules\[0\] is left out: /),
      "objects.yaml, document 2: ClusterPolicy v: is left out: it has no rule that generates or mutates",
    ]);
  });

  it("refuses files without such a policy", () => {
    expect(problemsOf(policyOf("p", infoRule()))).toEqual(["there is no policy of kyverno.io in the files"]);
  });
});
