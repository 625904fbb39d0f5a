import { describe, expect, it } from "vitest";
import {
  asJson,
  contentDigest,
  contentOf,
  type JsonObject,
  type KubernetesObject,
  keyOf,
  printJson,
  refOf,
} from "../object/index.ts";
import type { ClaimKey } from "../state/index.ts";
import type { Plan } from "./claim-plan.ts";
import { APPLY_REFUSED } from "./correction.ts";
import { planClaim } from "./plan.ts";
import type { AskStep, Step } from "./step.ts";
import {
  applied,
  CONFIG_MAPS,
  changedBy,
  claimOf,
  configMapRule,
  emptyWorld,
  namespaceObject,
  servePolicy,
  type TestWorld,
} from "./world.fixture.ts";

const SHOP = namespaceObject("shop");
const TARGET = keyOf({ group: "", kind: "ConfigMap", namespace: "shop", name: "settings" });

/** The server of these tests sets a default that no policy mentions, as real ones do. */
const DEFAULT = { immutable: false };

function newWorld(data: JsonObject = { owner: "shop" }): { world: TestWorld; key: ClaimKey } {
  const world = emptyWorld();
  world.stores.get("/v1/namespaces")?.set(SHOP);
  const policy = servePolicy(world, "base", [configMapRule("settings", data)]);
  return { world, key: claimOf(policy, "settings", SHOP) };
}

function wants(world: TestWorld, data: JsonObject): void {
  servePolicy(world, "base", [configMapRule("settings", data)]);
}

/** The plan, its judgements remembered as the worker does. */
function plan(world: TestWorld, key: ClaimKey): Plan {
  const made = planClaim(world, key);
  for (const { target, ...judgement } of made.judged) world.inventory.judge(keyOf(target), judgement);
  return made;
}

function step(world: TestWorld, key: ClaimKey): Step {
  const [first] = plan(world, key).steps;
  if (first === undefined) throw new Error("nothing is planned");
  return first;
}

function observe(world: TestWorld, live: KubernetesObject, by: "watch" | "write" | "creation" = "watch"): void {
  world.inventory.observe(live, { resource: CONFIG_MAPS, by, now: world.now });
}

/** What the server stores when the step's object is applied. */
function stored(made: Step, more: JsonObject = DEFAULT): KubernetesObject {
  if (made.verb !== "apply") throw new Error(`${made.verb} applies nothing`);
  return Object.assign(applied(made.object), more);
}

/** The content of a fresh object: what is asked for, and the default. */
function answer(world: TestWorld, asked: Step, more: JsonObject | undefined = DEFAULT): void {
  if (asked.verb !== "ask") throw new Error(`${asked.verb} asks nothing: ${asked.because}`);
  world.inventory.noteAnswer(TARGET, asked.desired, { ...contentOf(asked.object), ...more });
}

function refuse(world: TestWorld, asked: Step): void {
  if (asked.verb !== "ask") throw new Error(`${asked.verb} asks nothing`);
  world.inventory.noteAnswer(TARGET, asked.desired, undefined);
}

/** In sync, as it was found at a start. */
function found(more: JsonObject = DEFAULT): { world: TestWorld; key: ClaimKey; live: KubernetesObject } {
  const { world, key } = newWorld();
  const live = stored(step(world, key), more);
  observe(world, live);
  return { world, key, live };
}

/** The same when it was made or compared since. */
function checked(): { world: TestWorld; key: ClaimKey; live: KubernetesObject } {
  const { world, key } = newWorld();
  const live = stored(step(world, key));
  observe(world, live, "creation");
  expect(step(world, key)).toMatchObject({ verb: "skip", inSync: true });
  return { world, key, live };
}

function isChecked(world: TestWorld): boolean | undefined {
  return world.inventory.get(TARGET)?.judged?.checked;
}

const IN_SYNC = { verb: "skip", inSync: true };

describe("a target that was just created", () => {
  it("is what a fresh object is, so nothing is asked", () => {
    const { world } = checked();
    expect(isChecked(world)).toBe(true);
  });

  it("is put back without a question when it drifts", () => {
    const { world, key, live } = checked();
    const edit = (object: JsonObject) => Object.assign(object, { data: { owner: "mallory" } });
    observe(world, changedBy("kubectl-edit", live, edit, { "f:data": { "f:owner": {} } }));
    const repair = step(world, key);
    expect(repair.verb).toBe("apply");
    observe(world, stored(repair), "write");
    expect(step(world, key)).toMatchObject(IN_SYNC);
    expect(isChecked(world)).toBe(true);
  });

  it("is in sync without a question when others only set labels, or take ownership", () => {
    const { world, key, live } = checked();
    const labels = { ...live.metadata.labels, theirs: "x" };
    const theirs = changedBy("other", live, () => {}, { "f:data": { ".": {}, "f:owner": {} } });
    observe(world, { ...theirs, metadata: { ...theirs.metadata, labels } });
    expect(step(world, key)).toMatchObject(IN_SYNC);
    expect(isChecked(world)).toBe(true);
  });

  it("is in sync without a question when its trigger was created again, with other marks but the same content", () => {
    const { world, key } = checked();
    world.stores.get("/v1/namespaces")?.set(namespaceObject("shop", {}, "another-uid"));
    observe(world, stored(step(world, key)), "write");
    expect(step(world, key)).toMatchObject(IN_SYNC);
    expect(isChecked(world)).toBe(true);
  });
});

describe("a change that ownership does not explain", () => {
  function changed(): { world: TestWorld; key: ClaimKey; asked: Step } {
    const { world, key, live } = checked();
    const add = (object: JsonObject) => Object.assign(object, { binaryData: { hidden: "eA==" } });
    const unowned = changedBy("nobody", live, add, {});
    observe(world, unowned);
    return { world, key, asked: step(world, key) };
  }

  it("is asked about, under another name and without what the server keeps", () => {
    const { asked } = changed();
    expect(asked).toMatchObject({ verb: "ask", target: { name: "settings" }, object: { data: { owner: "shop" } } });
    const { object } = asked as AskStep; // as just seen
    expect(object.metadata.name).toMatch(/^settings-[0-9a-f]{8}$/);
    expect(new Set(Object.keys(object.metadata))).toEqual(new Set(["annotations", "labels", "name", "namespace"]));
  });

  it("is taken out when two fresh objects are without it, and is told as drift", () => {
    const { world, key, asked } = changed();
    answer(world, asked);
    const second = step(world, key);
    expect((second as AskStep).object.metadata.name).not.toBe((asked as AskStep).object.metadata.name);
    answer(world, second);
    expect(step(world, key)).toMatchObject({
      verb: "patch",
      patch: [
        { op: "replace", path: "/metadata/resourceVersion" },
        { op: "remove", path: "/binaryData" },
      ],
      attempt: { strategy: "reset", once: true },
      correction: { paths: ["/binaryData"], after: '{"hidden":"eA=="}' },
    });
  });

  it("is left when a fresh object has it too, and not asked about again", () => {
    const { world, key, asked } = changed();
    answer(world, asked, { ...DEFAULT, binaryData: { hidden: "eA==" } });
    expect(step(world, key)).toMatchObject(IN_SYNC);
    expect(isChecked(world)).toBe(true);
    expect(world.inventory.get(TARGET)?.answers).toBeUndefined();
  });

  it("is left when fresh objects differ there: it depends on the name or on chance", () => {
    const { world, key, asked } = changed();
    answer(world, asked, { ...DEFAULT, binaryData: { hidden: "MQ==" } });
    answer(world, step(world, key), { ...DEFAULT, binaryData: { hidden: "Mg==" } });
    expect(step(world, key)).toMatchObject(IN_SYNC);
  });

  it("is left when the server will not say", () => {
    const { world, key, asked } = changed();
    refuse(world, asked);
    expect(step(world, key)).toMatchObject(IN_SYNC);
    expect(isChecked(world)).toBe(true);
  });

  it("is left when taking it out was refused", () => {
    const { world, key, asked } = changed();
    answer(world, asked);
    answer(world, step(world, key));
    world.inventory.noteTried(TARGET, "reset");
    expect(step(world, key)).toMatchObject(IN_SYNC);
  });
});

describe("another desired state", () => {
  it("is asked about once it was applied, and what it leaves behind is nobody's drift", () => {
    const { world, key } = checked();
    wants(world, { owner: "somebody else" });
    const change = step(world, key);
    expect(change).toMatchObject({ verb: "apply", because: "what is desired has changed" });
    observe(world, stored(change, { immutable: true }), "write"); // a default that came from the earlier state
    answer(world, step(world, key));
    answer(world, step(world, key));
    const reset = step(world, key);
    expect(reset).toMatchObject({ verb: "patch", patch: [{}, { op: "remove", path: "/immutable" }] });
    expect(reset).not.toHaveProperty("correction");
  });

  it("is settled by the answer that it has already when the default that comes back counts as ours", () => {
    const { world, key } = checked();
    wants(world, { owner: "somebody else" });
    const live = stored(step(world, key), { immutable: true });
    observe(world, live, "write");
    answer(world, step(world, key));
    answer(world, step(world, key));
    expect(step(world, key).verb).toBe("patch");
    const reset = changedBy("perennial", live, (object) => Object.assign(object, DEFAULT), { "f:immutable": {} });
    observe(world, reset, "write");
    world.inventory.noteTried(TARGET, "reset");
    expect(step(world, key)).toMatchObject(IN_SYNC);
    expect(isChecked(world)).toBe(true);
  });

  it("is not asked about when the object holds exactly that", () => {
    const { world, key } = checked();
    wants(world, { owner: "somebody else" });
    observe(world, stored(step(world, key), {}), "write");
    expect(step(world, key)).toMatchObject(IN_SYNC);
    expect(isChecked(world)).toBe(true);
  });
});

describe("doubt about ownership", () => {
  /** A default that came back after a correction counts as ours (perennial, Update). */
  function doubtful(): { world: TestWorld; key: ClaimKey; asked: Step } {
    const { world, key, live } = found();
    observe(
      world,
      changedBy("perennial", live, () => {}, { "f:immutable": {} }),
    );
    return { world, key, asked: step(world, key) };
  }

  it("is asked about, and ends without a write when the content is that of a fresh object", () => {
    const { world, key, asked } = doubtful();
    answer(world, asked);
    expect(step(world, key)).toMatchObject(IN_SYNC);
    expect(isChecked(world)).toBe(true);
  });

  it("is drift when the server will not say: all becomes ours, and the next apply prunes it", () => {
    const { world, key, asked } = doubtful();
    refuse(world, asked);
    expect(step(world, key)).toMatchObject({ verb: "patch", attempt: { strategy: "move" } });
    world.inventory.noteTried(TARGET, "move");
    expect(step(world, key)).toMatchObject({ verb: "apply" });
  });

  it("is settled in sync when no write changes anything: no value differs", () => {
    const { world, key, asked } = doubtful();
    refuse(world, asked);
    for (const strategy of ["move", "apply"]) world.inventory.noteTried(TARGET, strategy);
    expect(step(world, key)).toMatchObject(IN_SYNC);
  });

  it("arises where taking out an addition changed nothing: it may be a default that somebody came to own", () => {
    const { world, key, live } = found();
    observe(
      world,
      changedBy("other", live, () => {}, { "f:immutable": {} }),
    );
    expect(step(world, key)).toMatchObject({ verb: "patch", attempt: { strategy: "patch", once: false } });
    world.inventory.noteTried(TARGET, "patch");
    answer(world, step(world, key));
    expect(step(world, key)).toMatchObject(IN_SYNC);
  });
});

describe("an apply that the server refuses as invalid", () => {
  /** A value was edited, and what nobody owns stands beside it. */
  function refused(more: JsonObject): { world: TestWorld; key: ClaimKey } {
    const { world, key, live } = checked();
    const edit = (object: JsonObject) => Object.assign(object, { data: { owner: "mallory" } }, more);
    observe(world, changedBy("nobody", live, edit, {}));
    expect(step(world, key).verb).toBe("apply");
    for (const tried of ["apply", APPLY_REFUSED]) world.inventory.noteTried(TARGET, tried);
    answer(world, step(world, key));
    return { world, key };
  }

  it("is made to fit: what a fresh object lacks is taken out", () => {
    const { world, key } = refused({ binaryData: { inTheWay: "eA==" } });
    expect(step(world, key)).toMatchObject({ verb: "patch", patch: [{}, { op: "remove", path: "/binaryData" }] });
    world.inventory.noteTried(TARGET, "reset");
    expect(step(world, key)).toMatchObject({ verb: "apply", attempt: { once: true } });
  });

  it("is made to fit: what a fresh object has otherwise is set, and applied after all", () => {
    const { world, key } = refused({});
    const rewrite = step(world, key);
    expect(rewrite).toMatchObject({ patch: [{}, { op: "replace", path: "/data/owner", value: "shop" }] });
    world.inventory.noteTried(TARGET, "rewrite");
    const { pending } = world.inventory.get(TARGET) ?? {};
    if (pending === undefined) throw new Error("nothing is seen");
    observe(
      world,
      changedBy("perennial", pending.live, (o) => Object.assign(o, { data: { owner: "shop" } }), {}),
      "write",
    );
    expect(step(world, key)).toMatchObject({ verb: "apply", attempt: { once: true } });
    world.inventory.noteTried(TARGET, "apply");
    expect(step(world, key)).toMatchObject(IN_SYNC);
  });

  it("is told when nothing is in its way", () => {
    const { world, key } = refused({});
    for (const tried of ["rewrite", "apply"]) world.inventory.noteTried(TARGET, tried);
    expect(step(world, key)).toMatchObject({ verb: "skip", failure: { reason: "NotAccepted" } });
  });
});

describe("the deep check", () => {
  it("waits until the target is due, and does without the object while it is as a fresh one", () => {
    const { world, key } = found();
    expect(step(world, key)).toMatchObject(IN_SYNC);
    expect(isChecked(world)).toBe(false);
    world.checksDue.add(TARGET);
    answer(world, step(world, key));
    expect(step(world, key)).toMatchObject(IN_SYNC);
    expect(isChecked(world)).toBe(true);
  });

  it("reads the object when it is not as a fresh one, and takes out what nobody owns", () => {
    const { world, key, live } = found({ ...DEFAULT, binaryData: { hidden: "eA==" } });
    step(world, key);
    world.checksDue.add(TARGET);
    answer(world, step(world, key));
    expect(step(world, key)).toMatchObject({ verb: "read", target: refOf(live) });
    observe(world, live, "write");
    answer(world, step(world, key));
    expect(step(world, key)).toMatchObject({
      verb: "patch",
      patch: [{}, { op: "remove", path: "/binaryData" }],
      correction: { paths: ["/binaryData"] },
    });
  });

  it("asks about each object, also about one that holds exactly what is desired", () => {
    const { world, key } = found({});
    step(world, key);
    expect(isChecked(world)).toBe(false);
    world.checksDue.add(TARGET);
    answer(world, step(world, key), {});
    expect(step(world, key)).toMatchObject(IN_SYNC);
    expect(isChecked(world)).toBe(true);
  });

  it("leaves it at ownership when the server will not say", () => {
    const { world, key } = found();
    step(world, key);
    world.checksDue.add(TARGET);
    refuse(world, step(world, key));
    expect(step(world, key)).toMatchObject(IN_SYNC);
    expect(isChecked(world)).toBe(true);
  });

  it("goes on after a correction, which is not what it was about", () => {
    const { world, key, live } = found();
    step(world, key);
    const edit = (object: JsonObject) => Object.assign(object, { data: { owner: "mallory" } });
    observe(world, changedBy("kubectl-edit", live, edit, { "f:data": { "f:owner": {} } }));
    observe(world, stored(step(world, key)), "write");
    expect(step(world, key)).toMatchObject(IN_SYNC);
    expect(isChecked(world)).toBe(false);
  });
});

describe("what can never be", () => {
  const message = "data is immutable";

  function refused(): { world: TestWorld; key: ClaimKey } {
    const { world, key } = checked();
    wants(world, { owner: "somebody else" });
    const change = step(world, key);
    if (change.verb !== "apply") throw new Error("nothing is applied");
    const desired = contentDigest(printJson(asJson(change.object)));
    expect(change.attempt?.desired).toBe(desired);
    world.inventory.noteRefusal(TARGET, { desired, reason: "ImmutableField", message });
    return { world, key };
  }

  it("is told with its reason, and not tried again as things stand", () => {
    const { world, key } = refused();
    const told = { verb: "skip", inSync: false, failure: { reason: "ImmutableField", message } };
    expect(step(world, key)).toMatchObject(told);
    expect(step(world, key)).toMatchObject(told);
  });

  it("is tried again when something else is desired, or the object has changed", () => {
    const { world, key } = refused();
    step(world, key);
    wants(world, { owner: "a third" });
    expect(step(world, key)).toMatchObject({ verb: "apply" });
    const other = refused();
    step(other.world, other.key);
    const live = changedBy("m", found().live, (o) => Object.assign(o, { data: {} }), { "f:data": {} });
    observe(other.world, live);
    expect(step(other.world, other.key).verb).not.toBe("skip");
  });

  it("is NotAccepted when every write leaves the value as it is, until the object changes", () => {
    const { world, key, live } = found();
    const insist = changedBy("webhook", live, (o) => Object.assign(o, { data: { owner: "webhook" } }), {});
    observe(world, insist);
    expect(step(world, key)).toMatchObject({ verb: "apply", attempt: { strategy: "apply", once: false } });
    world.inventory.noteTried(TARGET, "apply");
    const told = { verb: "skip", failure: { reason: "NotAccepted", message: expect.stringContaining("/data/owner") } };
    expect(step(world, key)).toMatchObject(told);
    expect(step(world, key)).toMatchObject(told);
    const labels = { ...insist.metadata.labels, theirs: "x" };
    const touched = changedBy("m", insist, () => {}, {});
    observe(world, { ...touched, metadata: { ...touched.metadata, labels } });
    expect(step(world, key)).toMatchObject(told);
    observe(
      world,
      changedBy("m", insist, (o) => Object.assign(o, { data: { owner: "m" } }), {}),
    );
    expect(step(world, key)).toMatchObject({ verb: "apply" });
  });
});
