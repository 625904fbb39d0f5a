import { describe, expect, it } from "vitest";
import type { Selection } from "../cluster/index.ts";
import type { KubernetesObject } from "../object/index.ts";
import { createObjectStore } from "../state/index.ts";
import { KeptObjects } from "./kept-objects.ts";
import { resourceOf } from "./policies.fixture.ts";

const SECRETS = resourceOf("Secret", "secrets", true);
const WHOLE: Selection = { resource: SECRETS };
const HALF: Selection = { ...WHOLE, metadataOnly: true };
const SLIGHT = { readsContent: false };

function secret(name: string): KubernetesObject {
  return { apiVersion: "v1", kind: "Secret", metadata: { name, namespace: "a", resourceVersion: "1" } };
}

/** Names of what is known for a rule; undefined when nothing is. */
function known(kept: KeptObjects, by = { readsContent: true }): string[] | undefined {
  const store = kept.triggers(SECRETS, by);
  return store?.synced === true ? Array.from(store.values(), ({ metadata }) => metadata.name) : undefined;
}

function list(kept: KeptObjects, selection: Selection, ...names: string[]) {
  kept.of(selection)?.buffer(names.map(secret));
  const changes = kept.of(selection)?.swap();
  kept.forgetReplaced(selection);
  return changes?.map(({ before, after }) => [before?.metadata.name, after?.metadata.name]);
}

function keeping(selection: Selection, ...names: string[]): KeptObjects {
  const kept = new KeptObjects(createObjectStore());
  kept.keep([selection]);
  list(kept, selection, ...names);
  return kept;
}

describe("objects of which only metadata is kept", () => {
  it("are known to whom that is enough, and to nobody else", () => {
    const kept = keeping(HALF, "first");
    expect(known(kept, SLIGHT)).toEqual(["first"]);
    expect(known(kept)).toBeUndefined();
    expect(kept.showing(WHOLE)).toBeUndefined();
    expect(kept.showing({ ...WHOLE, namespace: "a", name: "first" })).toBeUndefined();
  });

  it("stay known so until they are known whole", () => {
    const kept = keeping(HALF, "first", "second");
    kept.keep([WHOLE]);
    kept.keep([WHOLE]);
    kept.of(WHOLE)?.buffer([secret("first")]);
    expect([known(kept, SLIGHT), known(kept)]).toEqual([["first", "second"], undefined]);
    expect(list(kept, WHOLE, "first", "third")).toEqual([
      ["second", undefined],
      [undefined, "third"],
    ]);
    expect([known(kept, SLIGHT), known(kept)]).toEqual([
      ["first", "third"],
      ["first", "third"],
    ]);
    expect(kept.of(HALF)).toBeUndefined();
  });
});

describe("objects that are kept whole", () => {
  it("serve whom metadata is enough, until there is a list of that", () => {
    const kept = keeping(WHOLE, "first");
    kept.keep([HALF]);
    expect(known(kept, SLIGHT)).toEqual(["first"]);
    expect(list(kept, HALF, "first")).toEqual([]);
    expect(known(kept, SLIGHT)).toEqual(["first"]);
    expect(known(kept)).toBeUndefined();
  });

  it("are forgotten when nobody looks at them any more", () => {
    const kept = keeping(WHOLE, "first");
    kept.keep([]);
    expect([known(kept, SLIGHT), known(kept)]).toEqual([undefined, undefined]);
  });
});
