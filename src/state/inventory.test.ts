import { describe, expect, it } from "vitest";
import { type ClaimIdentity, type KubernetesObject, keyOf, marksFor, type Resource, refOf } from "../object/index.ts";
import { claimKey } from "./claim-key.ts";
import { createInventory } from "./inventory.ts";
import type { Judgement, Sighting, TargetRecord } from "./target-record.ts";

const RESOURCE: Resource = {
  group: "",
  version: "v1",
  kind: "ConfigMap",
  plural: "configmaps",
  namespaced: true,
  verbs: [],
};
const REF = { group: "", kind: "ConfigMap", namespace: "shop", name: "settings" };
const IDENTITY: ClaimIdentity = {
  policy: { group: "perennial.dev", kind: "ClusterPolicy", namespace: "", name: "base" },
  rule: "r",
  trigger: { group: "", kind: "Namespace", namespace: "", name: "shop" },
  triggerUid: "uid-1",
};

function target(
  resourceVersion: string,
  data: { [key: string]: string },
  uid = "u",
  identity = IDENTITY,
): KubernetesObject {
  const { name, namespace } = REF;
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name, namespace, uid, resourceVersion, ...marksFor("test", identity, REF) },
    data,
  };
}

function judgementOf(record: TargetRecord | undefined): Judgement {
  const { digest = "", live = "" } = record ?? {};
  return { desired: "d", content: "c", digest, live, compared: live, metadata: "", inSync: true, checked: true };
}

const SEEN: Sighting = { resource: RESOURCE, by: "watch", now: 5 };

describe("the inventory", () => {
  it("knows whose a target is, by the claim's key and by its digest", () => {
    const inventory = createInventory("test");
    const record = inventory.observe(target("1", { a: "1" }), SEEN);
    expect(record?.claim).toBe(claimKey(IDENTITY));
    expect([...inventory.ofClaim(claimKey(IDENTITY), undefined)]).toEqual([record]);
    expect([...inventory.ofClaim("another" as never, record?.marks?.claim)]).toEqual([record]);
    expect(inventory.hasMarked).toBe(true);
  });

  it("hears nothing new in an event that is not newer than what it knows", () => {
    const inventory = createInventory("test");
    inventory.observe(target("7", { a: "1" }), { ...SEEN, by: "write" });
    expect(inventory.observe(target("7", { a: "1" }), SEEN)).toBeUndefined();
    expect(inventory.observe(target("6", { a: "old" }), SEEN)).toBeUndefined();
  });

  it("looks at the answer to a write also when the write changed nothing, unless a later event was seen", () => {
    const inventory = createInventory("test");
    const record = inventory.observe(target("7", { a: "1" }), SEEN);
    inventory.judge(keyOf(REF), judgementOf(record));
    expect(inventory.observe(target("7", { a: "1" }), { ...SEEN, by: "write" })?.pending).toBeDefined();
    inventory.observe(target("9", { a: "2" }), SEEN);
    expect(inventory.observe(target("8", { a: "1" }), { ...SEEN, by: "write" })).toBeUndefined();
  });

  it("hears nothing new in a change of status alone, once it was judged", () => {
    const inventory = createInventory("test");
    const record = inventory.observe(target("1", { a: "1" }), SEEN);
    inventory.judge(keyOf(REF), judgementOf(record));
    expect(inventory.observe({ ...target("2", { a: "1" }), status: { used: 1 } }, SEEN)).toBeUndefined();
    expect(inventory.get(keyOf(REF))?.resourceVersion).toBe("2");
    expect(inventory.observe(target("3", { a: "2" }), SEEN)).toBeDefined();
  });

  it("keeps the object only until it was judged", () => {
    const inventory = createInventory("test");
    const record = inventory.observe(target("1", { a: "1" }), SEEN);
    expect(inventory.get(keyOf(REF))?.pending?.live).toBeDefined();
    inventory.judge(keyOf(REF), judgementOf(record));
    expect(inventory.get(keyOf(REF))?.pending).toBeUndefined();
  });

  it("remembers since when something waits to be judged", () => {
    const inventory = createInventory("test");
    inventory.observe(target("1", { a: "1" }), SEEN);
    inventory.observe(target("2", { a: "2" }), { ...SEEN, now: 9 });
    expect(inventory.get(keyOf(REF))?.pending?.since).toBe(5);
  });

  it("forgets which strategies failed when somebody else changes the object, not when we do", () => {
    const inventory = createInventory("test");
    inventory.observe(target("1", { a: "1" }), SEEN);
    inventory.noteTried(keyOf(REF), "apply");
    inventory.observe(target("2", { a: "2" }), { ...SEEN, by: "write" });
    expect([...(inventory.get(keyOf(REF))?.tried ?? [])]).toEqual(["apply"]);
    inventory.observe(target("3", { a: "3" }), SEEN);
    expect(inventory.get(keyOf(REF))?.tried.size).toBe(0);
  });

  it("tells content from labels, annotations and owners", () => {
    const inventory = createInventory("test");
    const first = { ...inventory.observe(target("1", { a: "1" }), SEEN) };
    const labelled = target("2", { a: "1" });
    labelled.metadata.labels = { ...labelled.metadata.labels, more: "x" };
    const second = inventory.observe(labelled, SEEN);
    expect(second?.live).toBe(first.live);
    expect(second?.digest).not.toBe(first.digest);
  });

  it("knows a target as it was made only until it is seen otherwise", () => {
    const inventory = createInventory("test");
    expect(inventory.observe(target("1", { a: "1" }), { ...SEEN, by: "creation" })?.created).toBe(true);
    expect(inventory.observe(target("2", { a: "2" }), SEEN)?.created).toBe(false);
  });

  it("knows a target as it was made when a status was written before the answer came", () => {
    const inventory = createInventory("test");
    inventory.observe({ ...target("2", { a: "1" }), status: { seen: true } }, SEEN);
    expect(inventory.observe(target("1", { a: "1" }), { ...SEEN, by: "creation" })).toBeUndefined();
    expect(inventory.get(keyOf(REF))?.created).toBe(true);
    const other = createInventory("test");
    other.observe(target("2", { a: "changed" }), SEEN);
    other.observe(target("1", { a: "1" }), { ...SEEN, by: "creation" });
    expect(other.get(keyOf(REF))?.created).toBe(false);
  });

  it("remembers which strategies failed when the event of our own write comes before its answer", () => {
    const inventory = createInventory("test");
    inventory.observe(target("1", { a: "1" }), SEEN);
    inventory.noteTried(keyOf(REF), "apply");
    const answered = inventory.expectAnswer(keyOf(REF), claimKey(IDENTITY));
    inventory.observe(target("2", { a: "2" }), SEEN);
    answered();
    expect([...(inventory.get(keyOf(REF))?.tried ?? [])]).toEqual(["apply"]);
  });

  it("keeps what the server said of fresh objects for one desired state, until the target is judged", () => {
    const inventory = createInventory("test");
    const record = inventory.observe(target("1", { a: "1" }), SEEN);
    inventory.noteAnswer(keyOf(REF), "d", { data: { a: "1" } });
    inventory.observe(target("2", { a: "2" }), SEEN);
    inventory.noteAnswer(keyOf(REF), "d", undefined);
    expect(inventory.get(keyOf(REF))?.answers).toEqual({
      desired: "d",
      contents: [{ data: { a: "1" } }],
      refused: true,
    });
    inventory.noteAnswer(keyOf(REF), "e", { data: {} });
    expect(inventory.get(keyOf(REF))?.answers).toEqual({ desired: "e", contents: [{ data: {} }], refused: false });
    inventory.judge(keyOf(REF), judgementOf(record));
    expect(inventory.get(keyOf(REF))?.answers).toBeUndefined();
  });

  it("forgets why something can never be applied when somebody else changes the object", () => {
    const inventory = createInventory("test");
    inventory.observe(target("1", { a: "1" }), SEEN);
    inventory.noteRefusal(keyOf(REF), { desired: "d", reason: "ImmutableField", message: "no" });
    inventory.observe(target("2", { a: "2" }), { ...SEEN, by: "write" });
    expect(inventory.get(keyOf(REF))?.refusal?.message).toBe("no");
    inventory.observe(target("3", { a: "3" }), SEEN);
    expect(inventory.get(keyOf(REF))?.refusal).toBeUndefined();
  });

  it("tells which uids were deleted while a request was under way, known or not", () => {
    const inventory = createInventory("test");
    const claim = claimKey(IDENTITY);
    const first = inventory.expectAnswer(keyOf(REF), claim);
    inventory.noteDeleted(keyOf(REF), "u");
    const second = inventory.expectAnswer(keyOf(REF), claim);
    inventory.noteDeleted(keyOf(REF), "v");
    expect([...first().deleted]).toEqual(["u", "v"]);
    expect(inventory.isAnswerExpected(keyOf(REF), claim)).toBe(true);
    expect([...second().deleted]).toEqual(["v"]);
    expect(inventory.isAnswerExpected(keyOf(REF), claim)).toBe(false);
    inventory.noteDeleted(keyOf(REF), "w"); // nobody waits any more
    expect([...inventory.expectAnswer(keyOf(REF), claim)().deleted]).toEqual([]);
  });

  it("tells which changes came while a request was under way; where it was somebody else, all begins anew", () => {
    const inventory = createInventory("test");
    const claim = claimKey(IDENTITY);
    inventory.observe(target("1", { a: "1" }), SEEN);
    const answered = inventory.expectAnswer(keyOf(REF), claim);
    inventory.observe(target("2", { a: "1" }), SEEN); // such as a status
    inventory.observe(target("3", { a: "3" }), SEEN);
    inventory.noteTried(keyOf(REF), "apply");
    inventory.noteRefusal(keyOf(REF), { desired: "d", reason: "ImmutableField", message: "no" });
    expect([...answered().changed]).toEqual(["3"]);
    inventory.startAnew(keyOf(REF));
    expect([...(inventory.get(keyOf(REF))?.tried ?? [])]).toEqual([]);
    expect(inventory.get(keyOf(REF))?.refusal).toBeUndefined();
  });

  it("takes an object of the same name with another uid for another object, also with an older version", () => {
    const inventory = createInventory("test");
    inventory.observe(target("9", { a: "1" }), SEEN);
    expect(inventory.observe(target("3", { a: "1" }, "another"), SEEN)?.uid).toBe("another");
  });

  it("does not believe marks that do not fit the object, or another installation's", () => {
    const inventory = createInventory("another-installation");
    expect(inventory.observe(target("1", {}), SEEN)?.marks).toBeUndefined();
    expect(inventory.hasMarked).toBe(false);
  });

  it("drops what a whole list did not show", () => {
    const inventory = createInventory("test");
    inventory.observe(target("1", {}), SEEN);
    const gone = inventory.retain((record) => keyOf(record.ref) === keyOf(refOf(target("1", {}))));
    expect(gone).toHaveLength(1);
    expect(inventory.size).toBe(0);
    expect(inventory.ofClaim(claimKey(IDENTITY), undefined).size).toBe(0);
  });
});
