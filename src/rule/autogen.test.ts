/** Rules made for pod controllers: which there are, and what they say. */

import { describe, expect, it } from "vitest";
import type { Json, JsonObject } from "../object/index.ts";
import type { Rule } from "../policy/index.ts";
import { AUTOGEN_ANNOTATION, autogenRules } from "./autogen.ts";

const PODS: JsonObject = { any: [{ resources: { kinds: ["Pod"] } }] };

function rule(changes: JsonObject = {}): Rule {
  const mutate = {
    patchStrategicMerge: { metadata: { labels: { a: "{{ request.object.metadata.name }}" } }, spec: { x: 1 } },
  };
  return { name: "r", match: PODS, mutate, ...changes } as Json as Rule; // of its shape
}

function names(rules: Rule[], annotation?: string): string[] {
  const annotations = annotation === undefined ? {} : { [AUTOGEN_ANNOTATION]: annotation };
  return [...autogenRules(rules, annotations).values()].flat().map(({ name }) => name);
}

const BOTH = ["autogen-r", "autogen-cronjob-r"];

describe("rules for pod controllers", () => {
  it("have the patch under the template, and read there too", () => {
    const [made, cron] = autogenRules([rule()]).get(0) ?? [];
    const template = {
      metadata: { labels: { a: "{{ request.object.spec.template.metadata.name }}" } },
      spec: { x: 1 },
    };
    expect(made?.mutate).toEqual({ patchStrategicMerge: { spec: { template } } });
    expect(made?.match.any?.[0]?.resources?.kinds).toEqual([
      "DaemonSet",
      "Deployment",
      "Job",
      "StatefulSet",
      "ReplicaSet",
      "ReplicationController",
    ]);
    const inCron = {
      metadata: { labels: { a: "{{ request.object.spec.jobTemplate.spec.template.metadata.name }}" } },
      spec: { x: 1 },
    };
    expect(cron?.mutate).toEqual({ patchStrategicMerge: { spec: { jobTemplate: { spec: { template: inCron } } } } });
    expect(cron?.match.any?.[0]?.resources?.kinds).toEqual(["CronJob"]);
  });

  it("leave out whom and what the rule leaves out without naming kinds", () => {
    const any = [{ resources: { namespaces: ["x"] } }, { subjects: [{ kind: "User", name: "ann" }] }];
    const [made] = autogenRules([rule({ exclude: { any } })]).get(0) ?? [];
    expect(made?.exclude).toEqual({ any });
  });

  it("go through foreach, with its lists", () => {
    const foreach = [{ list: "request.object.spec.containers", patchStrategicMerge: { spec: { y: 1 } } }];
    const [made] = autogenRules([rule({ mutate: { foreach } })]).get(0) ?? [];
    expect(made?.mutate).toEqual({
      foreach: [
        {
          list: "request.object.spec.template.spec.containers",
          patchStrategicMerge: { spec: { template: { spec: { y: 1 } } } },
        },
      ],
    });
  });

  it("have names of at most 63 characters", () => {
    expect(names([rule({ name: "n".repeat(63) })]).map((name) => name.length)).toEqual([63, 63]);
  });

  const other = { name: "o", match: { any: [{ resources: { kinds: ["ConfigMap"] } }] } };
  const matching = (resources: JsonObject): JsonObject => ({
    match: { any: [{ resources: { kinds: ["Pod"], ...resources } }] },
  });

  it.each<[string, Rule[], string[]]>([
    ["are made of a rule about Pods", [rule()], BOTH],
    ["are made of a flat match", [rule({ match: { resources: { kinds: ["v1/Pod"] } } })], BOTH],
    ["are made beside rules about others", [rule(), rule(other)], BOTH],
    ["are made where namespaces are chosen", [rule(matching({ namespaces: ["a"] }))], BOTH],
    ["are made where exclude is about Pods too", [rule({ exclude: PODS })], BOTH],
    ["are not made where exclude is about others", [rule({ exclude: other.match })], []],
    ["are not made of rules about others", [rule(other)], []],
    ["are not made of a JSON patch", [rule({ mutate: { patchesJson6902: "[]" } })], []],
    [
      "are not made beside a JSON patch",
      [rule(), rule({ ...other, mutate: { foreach: [{ list: "x", patchesJson6902: "[]" }] } })],
      [],
    ],
    ["are not made beside generate", [rule(), rule({ ...other, mutate: null, generate: {} })], []],
    ["are not made where a name is chosen", [rule(matching({ name: "x" }))], []],
    [
      "are not made where labels are chosen, also by another rule",
      [rule(), rule({ name: "s", ...matching({ selector: { matchLabels: { a: "b" } } }) })],
      [],
    ],
    ["are not made where Pods stand beside other kinds", [rule(matching({ kinds: ["Pod", "Deployment"] }))], []],
    ["are not made of rules with targets", [rule({ mutate: { targets: [], patchStrategicMerge: {} } })], []],
    ["are not made of a subresource", [rule(matching({ kinds: ["Pod/exec"] }))], []],
  ])("%s", (_name, rules, expected) => expect(names(rules)).toEqual(expected));

  it.each<[string, string[]]>([
    ["none", []],
    ["Deployment", ["autogen-r"]],
    ["CronJob", ["autogen-cronjob-r"]],
    ["Deployment, CronJob", BOTH],
  ])("are those that the annotation asks for: %s", (annotation, expected) =>
    expect(names([rule()], annotation)).toEqual(expected),
  );
});
