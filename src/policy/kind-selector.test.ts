import { describe, expect, it } from "vitest";
import { parseKindSelector } from "./kind-selector.ts";

/** selector; group version kind subresource, `-` for none. */
const READS = [
  ["Pod", "* * Pod -"],
  ["v1/Pod", "* v1 Pod -"],
  ["v10/Pod", "* v10 Pod -"],
  ["v1beta*/Pod", "* v1beta* Pod -"],
  ["*/Pod", "* * Pod -"],
  ["apps/v1/Deployment", "apps v1 Deployment -"],
  ["apps/*/Deployment", "apps * Deployment -"],
  ["*/*/Deployment", "* * Deployment -"],
  ["machine.openshift.io/v1beta1/MachineSet", "machine.openshift.io v1beta1 MachineSet -"],
  ["Deploy*", "* * Deploy* -"],
  ["Pod/exec", "* * Pod exec"],
  ["Pod.exec", "* * Pod exec"],
  ["v1/Pod/exec", "* v1 Pod exec"],
  ["v1/Pod.exec", "* v1 Pod exec"],
  ["apps/v1/Deployment/scale", "apps v1 Deployment scale"],
  ["apps/v1/Deployment.scale", "apps v1 Deployment scale"],
  ["*", "* * * -"],
  ["*/*", "* * * *"],
  ["*/exec", "* * * exec"],
  ["Pod/*", "* * Pod *"],
] as const;

describe("parseKindSelector", () => {
  it.each(READS)("reads %s as %s", (text, expected) => {
    const { group = "", version = "", kind = "", subresource = "" } = parseKindSelector(text) ?? {};
    expect([group, version, kind, subresource === "" ? "-" : subresource].join(" ")).toBe(expected);
  });

  it.each([
    "",
    "pods",
    "apps/Deployment",
    "a/b/c/d/e",
    "/Pod",
    "Pod/",
    "Pod.",
    "v1//Pod",
    "{{kind}}",
    "APPS/v1/Deployment",
  ])("refuses %j", (text) => {
    expect(parseKindSelector(text)).toBeUndefined();
  });
});
