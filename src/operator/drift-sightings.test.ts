import { describe, expect, it } from "vitest";
import type { KubernetesObject, ManagedFieldsEntry } from "../object/index.ts";
import { DriftSightings } from "./drift-sightings.ts";

function written(...managedFields: ManagedFieldsEntry[]): KubernetesObject {
  return { apiVersion: "v1", kind: "Node", metadata: { name: "n", managedFields } };
}

const time = (second: number): string => `2026-01-01T00:00:0${second}Z`;

const ENTRIES: ManagedFieldsEntry[] = [
  { manager: "kubelet", time: time(9), subresource: "status" },
  { manager: "kubectl-label", time: time(2) },
  { manager: "kubectl-scale", time: time(1), subresource: "scale" },
  { manager: "perennial/0123456789abcdef", time: time(8) },
  { manager: "perennial", time: time(7) },
];

describe("who wrote an object that mutate rules keep", () => {
  it.each<[string, string]>([
    ["", "kubectl-label"],
    ["scale", "kubectl-label"],
    ["status", "kubelet"],
  ])("where it is kept through '%s', is %s: the last one, and never one of us", (subresource, manager) => {
    const sightings = new DriftSightings();
    const seen: KubernetesObject = { apiVersion: "v1", kind: "Node", metadata: { name: "n" } };
    sightings.note(seen, written(...ENTRIES), 5);
    expect(sightings.writerOf({ seen, ...(subresource === "" ? {} : { subresource }) })).toBe(manager);
    expect(sightings.sinceOf({ seen })).toBe(5);
  });

  it("is not known of what no event showed", () => {
    const seen = written({ manager: "kubectl", time: time(1) });
    expect(new DriftSightings().writerOf({ seen })).toBeUndefined();
    expect(new DriftSightings().sinceOf({ seen })).toBeUndefined();
  });
});
