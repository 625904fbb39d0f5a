/** The policies in samples/ do what they say, by the whole way from YAML to plan. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { loadAll } from "js-yaml";
import { describe, expect, it } from "vitest";
import { asJson, type Json, type KubernetesObject, resourceKey } from "../object/index.ts";
import { parsePolicy } from "../policy/index.ts";
import { compilePolicy } from "../rule/index.ts";
import { createObjectStore } from "../state/index.ts";
import { planClaim } from "./plan.ts";
import type { Step } from "./step.ts";
import {
  CONFIG_MAPS,
  claimOf,
  emptyWorld,
  NAMESPACES,
  NETWORK_POLICIES,
  namespaceObject,
  resource,
  servePolicy,
  type TestWorld,
} from "./world.fixture.ts";

const SAMPLES = join(import.meta.dirname, "../../samples");
const FILES = readdirSync(SAMPLES).filter((file) => file.endsWith(".yaml"));

const SECRETS = resource("", "v1", "Secret", "secrets", true);
const KINDS = [
  NAMESPACES,
  CONFIG_MAPS,
  NETWORK_POLICIES,
  SECRETS,
  resource("", "v1", "ResourceQuota", "resourcequotas", true),
  resource("", "v1", "LimitRange", "limitranges", true),
  resource("rbac.authorization.k8s.io", "v1", "RoleBinding", "rolebindings", true),
];

type Expected = {
  trigger: KubernetesObject;
  other: KubernetesObject;
  /** What else is there. */
  stored?: KubernetesObject;
  applied: string[];
};

/** For each sample: what it acts on, what it leaves alone, and what it makes. */
const EXPECTED: Readonly<Record<string, Expected>> = {
  "namespace-baseline.yaml": {
    trigger: namespaceObject("shop", { team: "checkout" }),
    other: namespaceObject("sandbox"),
    applied: [
      "apply NetworkPolicy shop/default-deny",
      "apply NetworkPolicy shop/allow-dns",
      "apply ResourceQuota shop/team-quota",
      "apply LimitRange shop/default-limits",
      "apply RoleBinding shop/team-edit",
      "apply ConfigMap shop/team-info",
    ],
  },
  "pull-secret.yaml": {
    trigger: namespaceObject("shop", { team: "checkout" }),
    other: namespaceObject("sandbox"),
    stored: { apiVersion: "v1", kind: "Secret", metadata: { name: "registry", namespace: "platform" }, data: {} },
    applied: ["apply Secret shop/registry"],
  },
};

type PolicyObject = KubernetesObject & { spec: { rules: Json[] } };

function policiesIn(file: string): PolicyObject[] {
  return loadAll(readFileSync(join(SAMPLES, file), "utf8")) as PolicyObject[]; // a test below has them parsed as policies
}

function worldWith(trigger: KubernetesObject, stored?: KubernetesObject): TestWorld {
  const world = emptyWorld();
  world.catalogue.replaceDiscovered(KINDS);
  const secrets = createObjectStore();
  secrets.swap();
  if (stored !== undefined) secrets.set(stored);
  world.stores.set(resourceKey(SECRETS), secrets);
  world.stores.get(resourceKey(NAMESPACES))?.set(trigger);
  return world;
}

/** What all rules of a file do about one trigger that is there. */
function planSample(file: string, trigger: KubernetesObject): Step[] {
  const world = worldWith(trigger, expected(file).stored);
  return policiesIn(file).flatMap(({ metadata, spec }) => {
    const state = servePolicy(world, metadata.name, spec.rules);
    const rules = state.phase === "compiled" ? state.compiled.rules : [];
    return rules.flatMap((rule) => planClaim(world, claimOf(state, rule.name, trigger)).steps);
  });
}

function expected(file: string): (typeof EXPECTED)[string] {
  return EXPECTED[file] ?? expect.fail(`say in this test what samples/${file} acts on and makes`);
}

function print({ verb, target: { kind, namespace, name } }: Step): string {
  return `${verb} ${kind} ${namespace}/${name}`;
}

describe.each(FILES)("samples/%s", (file) => {
  it("holds policies that are valid and compile, for kinds that are served", () => {
    for (const object of policiesIn(file)) {
      const parsed = parsePolicy(asJson(object));
      if ("issues" in parsed) expect.fail(JSON.stringify(parsed.issues));
      const compiled = compilePolicy(parsed.policy, worldWith(expected(file).trigger).catalogue);
      if (!compiled.ok) expect.fail(JSON.stringify(compiled.issues));
      expect(compiled.policy.unknownKinds).toEqual([]);
      expect(compiled.policy.rules.length).toBeGreaterThan(0);
    }
  });

  it("makes what it says for its trigger", () => {
    const { trigger, applied } = expected(file);
    expect(planSample(file, trigger).map(print)).toEqual(applied);
  });

  it("leaves no variable unresolved", () => {
    expect(JSON.stringify(planSample(file, expected(file).trigger))).not.toContain("{{");
  });

  it("does nothing for what it does not select", () => {
    expect(planSample(file, expected(file).other)).toEqual([]);
  });
});

it("samples/ has the policies that are expected here", () => {
  expect(FILES).toEqual(Object.keys(EXPECTED));
});
