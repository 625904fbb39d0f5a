/**
 * Plays scenes, all side by side on one stage: first everything is set up and comes to rest, then the acts are done, live
 * or while the operator is held, and all comes to rest; then the operator is stopped, what is to happen while it is down
 * is done, and a new one starts. Nothing is judged here.
 */

import { isJsonObject, type JsonObject, type KubernetesObject } from "../../src/object/index.ts";
import type { PolicyStatus } from "../../src/policy/index.ts";
import { type Audited, waitUntil } from "../harness/index.ts";
import { type Answer, isSuccess } from "./api.ts";
import { freshObject } from "./fresh.ts";
import { inParallel } from "./in-parallel.ts";
import { dataOf, finallyDesired, POLICIES, policyOf, type Scene, triggerOf } from "./scene.ts";
import type { Stage } from "./stage.ts";
import { type Moment, readWriteLog } from "./write-log.ts";

/** What there was to see of a scene. */
export type Played = {
  scene: Scene;
  /** What went wrong with playing it. */
  trouble: string[];
  /** When what the scenario is about began. */
  since: Moment;
  /** What the server said to each thing that somebody did. */
  answers: readonly Answer[];
  /** The object as the last of them left it. */
  left: KubernetesObject | undefined;
  /** At rest, and at rest again after the operator was started anew. */
  ends: End[];
};

export type End = {
  live: KubernetesObject | undefined;
  fresh: KubernetesObject | undefined;
  status: PolicyStatus;
  /** The operator's requests to change the target since the scenario began, or since the operator was started anew. */
  requests: Audited[];
  dryRuns: Audited[];
  /** False: the operator as a whole went on writing. */
  rested: boolean;
};

export async function playAll(stage: Stage, scenes: readonly Scene[], sentinels: readonly Scene[]): Promise<Played[]> {
  await inParallel(sentinels, (scene) => setUp(stage, scene));
  const played = await inParallel(scenes, (scene) => begin(stage, scene));
  await inParallel([...scenes, ...sentinels], (scene) => settled(stage, scene));
  await stage.comesToRest();
  await playLive(stage, played);
  await inParallel(sentinels, sentinelRepaired);
  await look(stage, played, ({ since }) => since);
  const restart = await playDown(stage, played);
  await inParallel(sentinels, sentinelRepaired);
  await look(stage, played, () => restart);
  return played;
}

async function begin(stage: Stage, scene: Scene): Promise<Played> {
  const played: Played = { scene, trouble: [], since: Date.now(), answers: [], left: undefined, ends: [] };
  await attempt(played, () => setUp(stage, scene));
  played.answers = [...scene.somebody.answers];
  return played;
}

async function setUp({ api }: Stage, scene: Scene): Promise<void> {
  const created = await api.send({ method: "POST", path: "/api/v1/namespaces", body: triggerOf(scene) });
  if (!isSuccess(created)) throw new Error(`no namespace: ${JSON.stringify(created.body)}`);
  await scene.row.scenario.before?.(scene.somebody);
  const policy = await api.send({ method: "POST", path: POLICIES, body: policyOf(scene) });
  if (!isSuccess(policy)) throw new Error(`no policy: ${JSON.stringify(policy.body)}`);
}

/** The policy's status tells how it stands. Whether that is well is judged later, so being late is no error here. */
async function settled(stage: Stage, scene: Scene): Promise<void> {
  const told = waitUntil(`${scene.id} is told about`, async () => isSettled(await readPolicy(stage, scene)), SOON);
  await told.catch(() => {});
}

const SOON = { deadline: 20_000, interval: 250 };

type Policy = { metadata: { generation: number }; status?: PolicyStatus };

async function readPolicy({ api }: Stage, { id }: Scene): Promise<Policy> {
  const { body } = await api.send({ method: "GET", path: `${POLICIES}/${id}` });
  return body as unknown as Policy; // what the API server stores of one
}

function isSettled({ metadata, status }: Policy): boolean {
  if (status?.observedGeneration !== metadata.generation) return false;
  return status.summary?.ratio === "1/1" || (status.failures ?? []).length > 0;
}

async function playLive(stage: Stage, played: readonly Played[]): Promise<void> {
  const meeting = (met: string): Played[] => played.filter(({ scene }) => (scene.row.scenario.met ?? "live") === met);
  await inParallel(meeting("live"), (one) => act(stage, one));
  for (const one of meeting("held")) await stage.whileHeld(() => act(stage, one));
}

async function playDown(stage: Stage, played: readonly Played[]): Promise<Moment> {
  const meeting = played.filter(({ scene }) => scene.row.scenario.met === "down");
  let restart = 0;
  await stage.whileDown(async () => {
    restart = Date.now();
    await inParallel(meeting, (one) => act(stage, one));
  });
  return restart;
}

async function act(stage: Stage, played: Played): Promise<void> {
  const { scene } = played;
  const { act, change, before } = scene.row.scenario;
  if (before === undefined) played.since = Date.now();
  await attempt(played, async () => {
    await act?.(scene.somebody);
    if (change !== undefined) await editPolicy(stage, scene, change);
  });
  played.answers = [...scene.somebody.answers];
  const last = played.answers.findLast((answer) => shows(answer, scene));
  played.left = last?.body as KubernetesObject | undefined; // checked to be one
}

async function editPolicy({ api }: Stage, scene: Scene, content: JsonObject): Promise<void> {
  const value = dataOf(scene, content);
  const edited = await api.send({
    method: "PATCH",
    path: `${POLICIES}/${scene.id}`,
    contentType: "application/json-patch+json",
    body: [{ op: "replace", path: "/spec/rules/0/generate/data", value }],
  });
  if (!isSuccess(edited)) throw new Error(`the policy was not edited: ${JSON.stringify(edited.body)}`);
}

/** Something else may have been done as well, and a delete may be answered without the object. */
function shows({ status, body }: Answer, { place }: Scene): boolean {
  if (status >= 300 || !isJsonObject(body) || !isJsonObject(body.metadata)) return false;
  const { name, managedFields } = body.metadata;
  return name === place.name && managedFields !== undefined;
}

/**
 * Somebody takes our label off, and it comes back. The watch that shows this has shown all that was done before, to
 * targets of the same kind.
 */
async function sentinelRepaired({ id, somebody }: Scene): Promise<void> {
  const label = "app.kubernetes.io/managed-by";
  await somebody.merge({ metadata: { labels: { [label]: "sentinel" } } });
  const back = waitUntil(`the label of ${id} is back`, async () => {
    return (await somebody.live())?.metadata.labels?.[label] === "perennial";
  });
  await back.catch(() => {}); // then the rows of that kind will tell why
}

async function look(stage: Stage, played: readonly Played[], since: (one: Played) => Moment): Promise<void> {
  const rested = await stage.comesToRest();
  await inParallel(played, ({ scene }) => settled(stage, scene));
  const log = await readWriteLog(stage.cluster, stage.beginning);
  await inParallel(played, (one) =>
    attempt(one, async () => {
      const { scene } = one;
      const { place, row } = scene;
      one.ends.push({
        live: await scene.somebody.live(),
        fresh: isPossible(row) ? await freshObject(stage.api, place, finallyDesired(row)) : undefined,
        status: (await readPolicy(stage, scene)).status ?? {},
        requests: log.to(place, since(one)),
        dryRuns: log.dryRuns(place, since(one)),
        rested,
      });
    }),
  );
}

/** What the server takes from nobody, it takes from the oracle neither. */
function isPossible({ scenario: { outcome, act } }: Scene["row"]): boolean {
  return outcome.is !== "refused" || act !== undefined;
}

async function attempt(played: Played, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    played.trouble.push(error instanceof Error ? error.message : String(error));
  }
}
