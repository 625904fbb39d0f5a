/** One random run: a new target, a few random deeds, and then it has to become what a fresh object would be. */

import type { JsonObject, KubernetesObject } from "../../../src/object/index.ts";
import { waitUntil } from "../../harness/index.ts";
import { type Api, isSuccess } from "../api.ts";
import { contentOf, freshObject, isSameContent } from "../fresh.ts";
import { Hands, type Place } from "../hands.ts";
import { ALL_KINDS, type Kind } from "../kinds.ts";
import { POLICIES } from "../scene.ts";
import { CHANGES } from "./changes.ts";
import { type Deed, doDeed, drawDeed } from "./deed.ts";
import { createRandom } from "./random.ts";

const LABEL = "drift.example.com/fuzz";
const MOST_DEEDS = 4;

/** Every kind that there are changes for. */
export const FUZZED = ALL_KINDS.filter((kind) => CHANGES[kind.title] !== undefined);

export type Run = {
  seed: number;
  place: Place;
  deeds: readonly Deed[];
  /** Such as 200, 422: what the server said to each request. */
  answers: readonly number[];
  fresh: KubernetesObject;
};

/** The policy that wants an object of the kind for each Namespace that carries the kind's label. */
export async function wantTargets(api: Api, kind: Kind): Promise<void> {
  const { apiVersion, content } = kind;
  const selector = { matchLabels: { [LABEL]: kind.kind } };
  const trigger = "{{ request.object.metadata.name }}";
  const generate: JsonObject = {
    apiVersion,
    kind: kind.kind,
    ...(kind.namespaced ? { name: "target", namespace: trigger } : { name: `${trigger}-target` }),
    data: content,
  };
  const match = { any: [{ resources: { kinds: ["Namespace"], selector } }] };
  const made = await api.send({
    method: "POST",
    path: POLICIES,
    body: {
      apiVersion: "perennial.dev/v1",
      kind: "ClusterPolicy",
      metadata: { name: policyName(kind) },
      spec: { rules: [{ name: "make", match, generate }] },
    },
  });
  if (!isSuccess(made)) throw new Error(`no policy: ${JSON.stringify(made.body)}`);
}

export function policyName({ kind }: Kind): string {
  return `fuzz-${kind.toLowerCase()}`;
}

/** The same seed does the same, as far as it is ours to say: the operator works meanwhile. */
export async function runOnce(api: Api, seed: number): Promise<Run> {
  const random = createRandom(seed);
  const kind = random.pick(FUZZED);
  const namespace = `fuzz-${seed}`;
  const place = {
    kind,
    namespace: kind.namespaced ? namespace : "",
    name: kind.namespaced ? "target" : `${namespace}-target`,
  };
  const hands = new Hands(api, place);
  await api.send({
    method: "POST",
    path: "/api/v1/namespaces",
    body: { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace, labels: { [LABEL]: kind.kind } } },
  });
  await waitUntil(`the target of seed ${seed} is there`, async () => (await hands.live()) !== undefined);
  const fresh = await freshObject(api, place, kind.content);
  const deeds = Array.from({ length: 1 + random.below(MOST_DEEDS) }, () => drawDeed(random, kind, fresh));
  for (const deed of deeds) await doDeed(hands, deed, kind.content);
  return { seed, place, deeds, answers: hands.answers.map(({ status }) => status), fresh };
}

/** Waits until the target is as it should be; what it is like when it does not come to that within so many milliseconds. */
export async function healed(
  api: Api,
  { place, fresh }: Run,
  deadline: number,
): Promise<KubernetesObject | "gone" | undefined> {
  const hands = new Hands(api, place);
  let live: KubernetesObject | undefined;
  const whole = waitUntil(
    "the target is whole",
    async () => {
      live = await hands.live();
      return live !== undefined && isWhole(live, place, fresh);
    },
    { deadline, interval: 100 },
  );
  return whole.then(
    () => undefined,
    () => live ?? "gone",
  );
}

/** The content of a fresh object, and our marks. */
function isWhole(live: KubernetesObject, place: Place, fresh: KubernetesObject): boolean {
  const { labels = {} } = live.metadata;
  return labels["perennial.dev/target"] !== undefined && isSameContent(live, fresh, place);
}

/** What to do to see it again, and what there was to see. */
export function printRun(
  { seed, place, deeds, answers, fresh }: Run,
  live: KubernetesObject | "gone",
  log: readonly string[],
) {
  const at = place.namespace === "" ? place.name : `${place.namespace}/${place.name}`;
  return [
    `seed ${seed}, ${place.kind.title}; again: PERENNIAL_FUZZ_SEED=${seed} PERENNIAL_FUZZ_RUNS=1`,
    ...deeds.map((deed) => `  ${JSON.stringify(deed)}`),
    `  answers: ${answers.join(", ")}`,
    `  fresh: ${JSON.stringify(contentOf(fresh, place))}`,
    ...(live === "gone" ? ["  live:  gone"] : liveLines(live, place)),
    ...log.filter((line) => line.includes(at)).slice(-12),
  ].join("\n");
}

function liveLines(live: KubernetesObject, place: Place): string[] {
  const { labels, annotations, managedFields = [] } = live.metadata;
  return [
    `  live:  ${JSON.stringify(contentOf(live, place))}`,
    `  labels: ${JSON.stringify(labels)} annotations: ${JSON.stringify(annotations)}`,
    ...managedFields.map((entry) => `  managed: ${JSON.stringify(entry)}`),
  ];
}
