import { describe, expect, it } from "vitest";
import type { Json, JsonObject, KubernetesObject } from "../object/index.ts";
import { parsePolicy } from "../policy/index.ts";
import { compilePolicy } from "./compile.ts";
import { ListSnapshot, SERVED } from "./language.fixture.ts";
import type { CompiledRule, MutationPlace } from "./rule.ts";

const MATCH = { any: [{ resources: { kinds: ["Namespace"] } }] };
const PATCH = { patchStrategicMerge: { metadata: { labels: { a: "{{ target.metadata.name }}" } } } };

function policy(rule: JsonObject, spec: JsonObject, namespace: string | undefined): JsonObject {
  const metadata = { name: "p", ...(namespace === undefined ? {} : { namespace }) };
  const kind = namespace === undefined ? "ClusterPolicy" : "Policy";
  return { apiVersion: "perennial.dev/v1", kind, metadata, spec: { rules: [{ name: "r", ...rule }], ...spec } };
}

type More = { match?: Json; spec?: JsonObject; namespace?: string };

function compiled(mutate: JsonObject, { match = MATCH, spec = {}, namespace }: More = {}): CompiledRule | string[] {
  const parsed = parsePolicy(policy({ match, mutate: { ...PATCH, ...mutate } }, spec, namespace));
  const found = "issues" in parsed ? { ok: false as const, ...parsed } : compilePolicy(parsed.policy, SERVED);
  if (!found.ok) return found.issues.map(({ code, path }) => `${code} ${path}`);
  return found.policy.rules[0] ?? [];
}

function placesOf(
  mutate: JsonObject,
  more: More = {},
  trigger = named("Namespace", "", "shop"),
): readonly MutationPlace[] {
  const rule = compiled(mutate, more);
  if (Array.isArray(rule) || rule.existing === undefined) throw new Error(JSON.stringify(rule));
  const found = rule.existing.for(trigger, new ListSnapshot([]));
  if (!found.ok || !("places" in found)) throw new Error(JSON.stringify(found));
  return found.places;
}

function named(
  kind: string,
  namespace: string,
  name: string,
  labels: { [key: string]: string } = {},
): KubernetesObject {
  const place = namespace === "" ? { name } : { namespace, name };
  return { apiVersion: "v1", kind, metadata: { ...place, labels } };
}

const MAP = { apiVersion: "v1", kind: "ConfigMap" };
const AT = "spec.rules[0].mutate";

describe("targets", () => {
  it.each<[string, JsonObject, More, string]>([
    [
      "another kind's scope",
      { targets: [{ apiVersion: "v1", kind: "Namespace", namespace: "a" }] },
      {},
      `NamespaceForbidden ${AT}.targets[0].namespace`,
    ],
    [
      "a cluster-scoped kind in a Policy",
      { targets: [{ apiVersion: "v1", kind: "Namespace" }] },
      { namespace: "shop", match: { any: [{ resources: { kinds: ["ConfigMap"] } }] } },
      `OutsideNamespace ${AT}.targets[0].kind`,
    ],
    [
      "a subresource that is no part of the object",
      { targets: [{ apiVersion: "v1", kind: "Pod/exec" }] },
      {},
      `UnsupportedField ${AT}.targets[0].kind`,
    ],
    ["a kind with a wildcard", { targets: [{ apiVersion: "v1", kind: "*" }] }, {}, `InvalidKind ${AT}.targets[0].kind`],
    ["none of them", { revertOnDelete: true }, {}, `ExclusiveFields ${AT}.revertOnDelete`],
    [
      "a patch that goes by the time",
      { targets: [MAP], patchStrategicMerge: { metadata: { labels: { a: "{{ time_now() }}" } } } },
      {},
      `UnsupportedField ${AT}`,
    ],
    [
      "an unknown variable in a name",
      { targets: [{ ...MAP, name: "{{ nobody }}" }] },
      {},
      `UnknownVariable ${AT}.targets[0].name`,
    ],
    [
      "the target where it is not known yet",
      { targets: [{ ...MAP, name: "{{ target.metadata.name }}" }] },
      {},
      `UnknownVariable ${AT}.targets[0].name`,
    ],
  ])("are refused for %s", (_what, mutate, more, issue) => expect(compiled(mutate, more)).toContain(issue));

  it("are found by name, namespace and labels, with wildcards and variables", () => {
    const selector = { matchLabels: { app: "w*" } };
    const [place] = placesOf({
      targets: [{ ...MAP, name: "a-*", namespace: "{{ request.object.metadata.name }}", selector }],
    });
    const meant = (object: KubernetesObject): boolean => place?.whyNot(object) === undefined;
    expect(place).toMatchObject({ namespace: "shop" });
    expect(meant(named("ConfigMap", "shop", "a-1", { app: "web" }))).toBe(true);
    expect(meant(named("ConfigMap", "shop", "b-1", { app: "web" }))).toBe(false);
    expect(meant(named("ConfigMap", "other", "a-1", { app: "web" }))).toBe(false);
    expect(meant(named("ConfigMap", "shop", "a-1", { app: "db" }))).toBe(false);
  });

  it("of a Policy lie in its namespace, whatever it says not", () => {
    const match = { any: [{ resources: { kinds: ["ConfigMap"] } }] };
    const [place] = placesOf({ targets: [MAP] }, { namespace: "shop", match }, named("ConfigMap", "shop", "c"));
    expect(place).toMatchObject({ namespace: "shop" });
  });

  it("are changed with their own context and preconditions, in which they are `target`", () => {
    const preconditions = { all: [{ key: "{{ big }}", operator: "Equals", value: true }] };
    const context = [{ name: "big", variable: { jmesPath: "target.metadata.labels.size == 'big'" } }];
    const [place] = placesOf({ targets: [{ ...MAP, context, preconditions }] });
    const big = place?.mutate(named("ConfigMap", "shop", "c", { size: "big" }));
    expect(big).toMatchObject({ ok: true, object: { metadata: { labels: { a: "c", size: "big" } } } });
    expect(place?.mutate(named("ConfigMap", "shop", "c", { size: "small" }))).toMatchObject({
      ok: true,
      idle: expect.anything(),
    });
  });

  it.each<[string, JsonObject, More, Json | undefined]>([
    ["what is stored", {}, {}, undefined],
    ["changes, where they are not kept", { mutateExistingOnPolicyUpdate: false }, {}, ["CREATE", "UPDATE"]],
    ["the same at the older place", {}, { spec: { mutateExistingOnPolicyUpdate: false } }, ["CREATE", "UPDATE"]],
    [
      "what is stored, where the rule itself says so",
      { mutateExistingOnPolicyUpdate: true },
      { spec: { mutateExistingOnPolicyUpdate: false } },
      undefined,
    ],
    [
      "changes, where match listens to nothing else",
      {},
      { match: { any: [{ resources: { kinds: ["Namespace"], operations: ["UPDATE"] } }] } },
      ["UPDATE"],
    ],
    [
      "changes, where it reads the old object",
      { patchStrategicMerge: { metadata: { labels: { a: "{{ request.oldObject.metadata.name }}" } } } },
      {},
      ["CREATE", "UPDATE"],
    ],
  ])("are about %s", (_what, mutate, more, changes) => {
    const rule = compiled({ targets: [MAP], ...mutate }, more);
    if (Array.isArray(rule)) throw new Error(rule.join());
    expect(rule.changes === undefined ? undefined : [...rule.changes]).toEqual(changes);
    expect(rule.type).toBe(changes === undefined ? "Mutate" : "Edge");
  });
});
