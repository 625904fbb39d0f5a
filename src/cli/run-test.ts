/** One offline test: each rule is planned for each resource, and what comes of it is held against what should. */

import {
  asJson,
  canonicalObject,
  contentOf,
  type Json,
  type JsonObject,
  type KubernetesObject,
  keyOf,
  type ObjectRef,
  printRef,
  refOf,
} from "../object/index.ts";
import { planClaim, whyNotSelected } from "../plan/index.ts";
import type { CompiledRule } from "../rule/index.ts";
import { claimKey, createInventory } from "../state/index.ts";
import { createOfflineCatalogue, guessKinds, prepareObjects } from "./catalogue.ts";
import { differences, printDifference } from "./differences.ts";
import type { Document } from "./documents.ts";
import type { Evaluated } from "./evaluated.ts";
import { judgeMutation, judgeTargets } from "./judge-mutation.ts";
import { unmarked } from "./offline-plan.ts";
import { onlyRule } from "./offline-policy.ts";
import { createOfflineWorld, type OfflineWorld } from "./offline-world.ts";
import { compilePolicies } from "./policies.ts";
import { changeInTest } from "./test-change.ts";
import type { Expectation, TestFile } from "./test-file.ts";
import { createAs, type TestUser } from "./test-user.ts";
import { type TestValues, whyNotServed, withValues } from "./test-values.ts";

export type OfflineTest = {
  file: TestFile;
  policies: readonly Document[];
  resources: readonly Document[];
  values: TestValues;
  /** Who makes the requests; absent: nobody knows. */
  user?: TestUser;
  /** The documents of the files that the expectations name. */
  documentsOf(path: string): readonly Document[];
  now: Date;
};

/** `skipped`: nothing was tested, and `message` says why. */
export type Outcome = { expectation: Expectation; outcome: "passed" | "failed" | "skipped"; message?: string };

export function runTest(test: OfflineTest): Outcome[] {
  return test.file.expectations.map((expectation) => ({ expectation, ...judge(test, expectation) }));
}

type Judged = Omit<Outcome, "expectation">;

function judge(test: OfflineTest, expectation: Expectation): Judged {
  const values = test.values.valuesFor(expectation.policy, expectation.rule, nameIn(expectation.resource));
  const found = findRule(test, expectation);
  if ("failed" in found) return { outcome: "failed", message: found.failed };
  const skipped = whySkipped(test);
  if (skipped !== undefined) return { outcome: "skipped", message: skipped };
  const came = evaluate(test, expectation, { policy: found.policy, values });
  if ("skipped" in came) return { outcome: "skipped", message: came.skipped };
  if (came.result === expectation.result) return { outcome: "passed" };
  const message = `${came.result} instead of ${expectation.result}: ${came.because}`;
  return { outcome: "failed", message };
}

type Found = { policy: Document; rule: JsonObject } | { failed: string };

/** Without the rules whose business it is not. */
function findRule(test: OfflineTest, { policy, rule, resource }: Expectation): Found {
  const document = test.policies.find(({ object }) => isNamed(object, policy));
  if (document === undefined) return { failed: `there is no policy ${policy} in the policies of the test` };
  const change = (found: JsonObject): JsonObject =>
    withValues(found, test.values.valuesFor(policy, String(found.name), nameIn(resource)));
  const written = /^autogen-(?:cronjob-)?(.+)$/.exec(rule)?.[1] ?? rule; // perhaps one that is made for pod controllers
  const reduced = onlyRule(document, rule, change) ?? onlyRule(document, written, change);
  return reduced ?? { failed: `policy ${policy} has no rule ${rule} that generates or mutates` };
}

function whySkipped({ file }: OfflineTest): string | undefined {
  return file.hasExceptions ? "policy exceptions are not served yet" : undefined;
}

type Tested = { policy: Document; values: JsonObject };

function evaluate(
  test: OfflineTest,
  expectation: Expectation,
  { policy, values }: Tested,
): Evaluated | { skipped: string } {
  const { world, problems } = worldOf(test, expectation, policy);
  if (problems.length > 0) return { result: "fail", because: problems.join("; ") };
  const trigger = triggerIn(world, expectation);
  if (trigger === undefined)
    return { result: "fail", because: `there is no ${expectation.kind} ${expectation.resource} in the resources` };
  const [state] = world.policies.values();
  if (state === undefined) return { result: "fail", because: "it has no policy" };
  if (state.phase === "compiled" && state.compiled.mutations.length > 0) {
    const skipped = whyNotServed(values, { isEdge: false, namespace: trigger.metadata.namespace ?? "" });
    if (skipped !== undefined) return { skipped };
    const { rule } = expectation;
    return judgeMutation(trigger, { world, policy: state.compiled, rule, wanted: wantedPatches(test, expectation) });
  }
  return evaluateGenerated(test, expectation, { world, policy: state.ref, trigger, values });
}

function wantedPatches(test: OfflineTest, { patchedResource }: Expectation): readonly Document[] {
  return patchedResource === undefined ? [] : test.documentsOf(patchedResource);
}

type Generating = { world: OfflineWorld; policy: ObjectRef; trigger: KubernetesObject; values: JsonObject };

function evaluateGenerated(
  test: OfflineTest,
  expectation: Expectation,
  { world, policy, trigger, values }: Generating,
): Evaluated | { skipped: string } {
  const rule = rulesIn(world).find(({ name }) => name === expectation.rule);
  if (rule === undefined) return { result: "fail", because: "it has no policy" };
  if (rule.asks !== undefined) return { skipped: "it acts on requests, which resources do not show" };
  const skipped = whyNotServed(values, {
    isEdge: rule.changes !== undefined,
    namespace: trigger.metadata.namespace ?? "",
  });
  if (skipped !== undefined) return { skipped };
  if (rule.asksCreator !== undefined && test.user !== undefined) createAs(test.user, trigger, world);
  const change = changeInTest(rule, trigger, { values, now: test.now });
  const reason =
    change === undefined ? undefined : whyNotSelected(world, rule, trigger, { operation: change.operation });
  if (reason !== undefined) return { result: "skip", because: reason };
  const key = claimKey({ policy, rule: expectation.rule, trigger: refOf(trigger) });
  const plan = planClaim(change === undefined ? world : { ...world, changeOf: () => change }, key);
  if (plan.fate === "gone" || plan.idle) return { result: "skip", because: plan.because };
  const failed = [...plan.failures, ...plan.steps.flatMap((step) => ("failure" in step ? (step.failure ?? []) : []))];
  if (failed.length > 0) return { result: "fail", because: failed.map(({ message }) => message).join("; ") };
  if (rule.existing !== undefined) return judgeTargets(plan, wantedPatches(test, expectation));
  const made = plan.steps.flatMap((step) => (step.verb === "apply" ? [unmarked(step.object)] : []));
  return compareMade(
    made,
    expectation.generatedResource === undefined ? [] : test.documentsOf(expectation.generatedResource),
  );
}

type Surroundings = { world: OfflineWorld; problems: string[] };

/** Nothing is there but the triggers and what rules read: a test asks what a rule gives, not what is left to do. */
function worldOf(test: OfflineTest, { cloneSourceResource }: Expectation, policy: Document): Surroundings {
  const sources = cloneSourceResource === undefined ? [] : test.documentsOf(cloneSourceResource);
  const bindings = (test.user?.bindings ?? []).map((object) => ({ origin: "the user of the test", object }));
  const resources = withNamespaces([...test.resources, ...sources, ...bindings], test.values.namespaces);
  const guess = guessKinds(resources, [asJson(policy.object)]);
  const catalogue = createOfflineCatalogue(resources, { guess });
  const { objects, problems } = prepareObjects(resources, catalogue);
  const compiled = compilePolicies([policy], catalogue);
  const world = createOfflineWorld({
    catalogue,
    policies: compiled.states,
    objects,
    installation: "test",
    systemNamespaces: new Set(),
    now: test.now,
  });
  world.planned = true; // there is no other rule that may want the same
  const emptied = {
    ...world,
    inventory: createInventory(world.installation),
    ...(test.user === undefined ? {} : { userInfo: test.user.userInfo }),
  };
  return { world: emptied, problems: [...problems, ...compiled.problems] };
}

/** Labels that the values give to a namespace, whether it is among the resources or not. */
function withNamespaces(documents: readonly Document[], namespaces: readonly KubernetesObject[]): Document[] {
  const labelled = new Map(namespaces.map((object) => [keyOf(refOf(object)), object]));
  const found = documents.map(({ origin, object }) => {
    const labels = labelled.get(keyOf(refOf(object)))?.metadata.labels;
    if (labels === undefined) return { origin, object };
    labelled.delete(keyOf(refOf(object)));
    return { origin, object: { ...object, metadata: { ...object.metadata, labels } } };
  });
  return [...found, ...[...labelled.values()].map((object) => ({ origin: "the values", object }))];
}

function triggerIn(world: OfflineWorld, { kind, resource }: Expectation): KubernetesObject | undefined {
  const [state] = world.policies.values();
  const rules = state?.phase === "compiled" ? [...state.compiled.rules, ...state.compiled.mutations] : [];
  const stored = [...world.catalogue.all()].flatMap((served) => [...(world.objects(served)?.values() ?? [])]);
  const named = stored.filter((object) => isNamed(object, resource) && (kind === "" || object.kind === kind));
  // of several kinds, the one that the rule is about
  const triggers = rules.flatMap((rule) => rule.triggers.map((trigger) => trigger.kind));
  return named.find((object) => triggers.includes(object.kind)) ?? named[0];
}

function rulesIn(world: OfflineWorld): readonly CompiledRule[] {
  const [state] = world.policies.values();
  return state?.phase === "compiled" ? state.compiled.rules : [];
}

function isNamed({ metadata }: KubernetesObject, name: string): boolean {
  const [namespace, own] = name.includes("/") ? name.split("/") : [undefined, name];
  return metadata.name === own && (namespace === undefined || (metadata.namespace ?? "") === namespace);
}

function nameIn(resource: string): string {
  return resource.slice(resource.indexOf("/") + 1);
}

function compareMade(made: readonly KubernetesObject[], wanted: readonly Document[]): Evaluated {
  const problems = wanted.flatMap(({ origin, object }) => {
    const found = made.find((candidate) => isMeant(candidate, object));
    if (found === undefined) return [`${printRef(refOf(object))} (${origin}) is not made, but ${printAll(made)}`];
    return differences(comparable(found), comparable(canonicalObject(object))).map(
      (difference) => `${printRef(refOf(object))}: ${printDifference(difference)}`,
    );
  });
  return problems.length === 0
    ? { result: "pass", because: "it applies" }
    : { result: "fail", because: problems.join("; ") };
}

function isMeant(made: KubernetesObject, wanted: KubernetesObject): boolean {
  const isSamePlace = wanted.metadata.namespace === undefined || wanted.metadata.namespace === made.metadata.namespace;
  return isSamePlace && made.kind === wanted.kind && made.metadata.name === wanted.metadata.name;
}

function printAll(made: readonly KubernetesObject[]): string {
  return made.length === 0 ? "nothing" : made.map((object) => printRef(refOf(object))).join(", ");
}

/** What the tool that the format comes from marks its objects with is no content. */
const MARKS_OF_KYVERNO = /^(?:generate\.kyverno\.io\/|app\.kubernetes\.io\/managed-by$)/;

function comparable(object: KubernetesObject): Json {
  const { labels = {}, annotations = {}, ownerReferences = [] } = object.metadata;
  const kept = Object.fromEntries(Object.entries(labels).filter(([key]) => !MARKS_OF_KYVERNO.test(key)));
  const metadata = { labels: kept, annotations, ownerReferences: ownerReferences as Json };
  return { apiVersion: object.apiVersion, ...contentOf(object), metadata };
}
