/** Which rules a request is given to. */

import { describe, expect, it } from "vitest";
import { type JsonObject, type KubernetesObject, keyOf, type Resource } from "../object/index.ts";
import { parsePolicy } from "../policy/index.ts";
import { compilePolicy } from "../rule/index.ts";
import { type ClaimKey, claimRef } from "../state/index.ts";
import { createLog } from "../telemetry/index.ts";
import type { RequestedChange } from "../webhook/index.ts";
import { ObservedWorld } from "./observed-world.ts";
import { createQueue } from "./queue.ts";
import { SeenChanges } from "./seen-changes.ts";
import { noteRequest } from "./seen-requests.ts";

const PODS: Resource = {
  ...{ group: "", version: "v1", kind: "Pod", plural: "pods", namespaced: true, verbs: ["list", "watch"] },
  subresources: [
    { group: "", version: "v1", kind: "PodExecOptions", name: "exec", verbs: ["create"] },
    { group: "", version: "v1", kind: "PodAttachOptions", name: "attach", verbs: ["create"] },
  ],
};

function rule(name: string, resources: JsonObject): JsonObject {
  const generate = { apiVersion: "v1", kind: "Pod", name: "a", namespace: "archive", data: {} };
  return { name, match: { any: [{ resources }] }, generate };
}

function exec(namespace = "shop", subresource = "exec"): RequestedChange {
  const request = { uid: "1" };
  return {
    ...{ operation: "CONNECT", oldObject: undefined, request },
    trigger: { apiVersion: "v1", kind: "PodExecOptions", metadata: { name: "web", namespace } },
    asked: { group: "", version: "v1", plural: "pods", subresource },
  };
}

function pod(version: string, metadata: Partial<KubernetesObject["metadata"]> = {}): KubernetesObject {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "web", namespace: "shop", ...metadata },
    spec: { version },
  };
}

function updated(): RequestedChange {
  const request = { userInfo: { username: "alice" } };
  const asked = { group: "", version: "v1", plural: "pods", subresource: "" };
  return { operation: "UPDATE", trigger: pod("2"), oldObject: pod("1"), request, asked };
}

function scene(...rules: JsonObject[]) {
  const systemNamespaces = new Set(["kube-system"]);
  const world = new ObservedWorld({ installation: "test", pruneDelay: 0, kyverno: false, systemNamespaces });
  world.catalogue.replaceDiscovered([PODS]);
  const metadata = { name: "audit" };
  const parsed = parsePolicy({ apiVersion: "perennial.dev/v1", kind: "ClusterPolicy", metadata, spec: { rules } });
  if ("issues" in parsed) throw new Error(JSON.stringify(parsed.issues));
  const compiled = compilePolicy(parsed.policy, world.catalogue);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.issues));
  const { ref } = compiled.policy;
  const object = { apiVersion: "perennial.dev/v1", kind: "ClusterPolicy", metadata };
  world.policyStates.set(keyOf(ref), { phase: "compiled", ref, object, compiled: compiled.policy });
  const changes = new SeenChanges({
    ...{ world, queue: createQueue<ClaimKey>(), log: createLog("fatal") },
    onLost: () => {},
  });
  const waiting = (): string[] =>
    [...world.changes].flatMap(([key, found]) => found.map(({ operation }) => `${claimRef(key).rule} ${operation}`));
  return { world, changes, waiting, ask: (change: RequestedChange) => noteRequest(world, changes, change) };
}

describe("a request", () => {
  it("is given to the rules that asked for it, and selected it", () => {
    const { changes, waiting, ask } = scene(
      rule("exec", { kinds: ["Pod/exec"] }),
      rule("all", { kinds: ["Pod/*"] }),
      rule("attach", { kinds: ["Pod/attach"] }),
      rule("elsewhere", { kinds: ["Pod/exec"], namespaces: ["other"] }),
      rule("evicted", { kinds: ["Pod/exec"], operations: ["CREATE"] }),
      rule("pods", { kinds: ["Pod"], operations: ["UPDATE"] }),
    );
    changes.onLease(true, true);
    ask(exec());
    expect(waiting()).toEqual(["exec CONNECT", "all CONNECT"]);
  });

  it("waits behind those before it, with all that it says", () => {
    const { world, changes, waiting, ask } = scene(rule("exec", { kinds: ["Pod/exec"] }));
    changes.onLease(true, true);
    ask(exec());
    ask({ ...exec(), request: { uid: "2" } });
    expect(waiting()).toEqual(["exec CONNECT", "exec CONNECT"]);
    expect([...world.changes.values()].flat().map(({ request }) => request)).toEqual([{ uid: "1" }, { uid: "2" }]);
  });

  it("in a system namespace is nobody's", () => {
    const { changes, waiting, ask } = scene(rule("exec", { kinds: ["Pod/exec"] }));
    changes.onLease(true, true);
    ask(exec("kube-system"));
    expect(waiting()).toEqual([]);
  });

  it.each<[what: string, change: Partial<RequestedChange>, waits: string[]]>([
    ["an update", {}, ["named UPDATE"]],
    ["an update of nothing", { oldObject: pod("2") }, []],
    ["an update of what is on its way out", { trigger: pod("2", { deletionTimestamp: "2026-01-01T00:00:00Z" }) }, []],
    ["a deletion", { operation: "DELETE", trigger: pod("1"), oldObject: pod("1") }, ["named DELETE"]],
  ])("to an object itself counts where somebody is asked for: %s", (_what, change, waits) => {
    const subjects = [{ kind: "User", name: "alice" }];
    const resources = { kinds: ["Pod"], operations: ["UPDATE", "DELETE"] };
    const named = rule("named", resources);
    const { changes, waiting, ask } = scene({ ...named, match: { any: [{ resources, subjects }] } });
    changes.onLease(true, true);
    ask({ ...updated(), ...change });
    expect(waiting()).toEqual(waits);
  });

  it("that comes to a process that never held the Lease is lost", () => {
    const { changes, waiting, ask } = scene(rule("exec", { kinds: ["Pod/exec"] }));
    ask(exec());
    changes.onLease(true, true);
    expect(waiting()).toEqual([]);
  });
});
