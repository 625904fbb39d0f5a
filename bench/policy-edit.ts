/** What an edit of a policy costs: a thousand claims are planned again, and only the targets that change are written. */

import { type Cluster, clusterPolicy, condition, namespace, policyStatus, waitUntil } from "../e2e/harness/index.ts";
import { cpuMillisOf, difference } from "./figures.ts";
import { Stage } from "./stage.ts";
import { Table } from "./table.ts";
import { inParallel } from "./workload.ts";

const CLAIMS = 1_000;
const CHANGED = 10;
const PLACE = "edited";

/** `word`: of which the edit makes another one, for some triggers. */
function policyWith(word: string): object {
  return clusterPolicy("edited", {
    name: "made",
    match: { any: [{ resources: { kinds: ["ConfigMap"], selector: { matchLabels: { edited: "yes" } } } }] },
    generate: {
      apiVersion: "v1",
      kind: "ConfigMap",
      name: "made-{{ request.object.metadata.name }}",
      namespace: PLACE,
      data: { data: { word } },
    },
  });
}

export async function measurePolicyEdit(stage: Stage, table: Table): Promise<void> {
  const { cluster, operator } = stage;
  await cluster.apply(namespace(PLACE), policyWith("plain"));
  await inParallel(
    Array.from({ length: CLAIMS }, (_, i) => i),
    16,
    (i) => createTrigger(stage, i),
  );
  await planned(cluster, `${CLAIMS}/${CLAIMS}`);
  const [requests, cpu] = [await stage.requestCounts(), cpuMillisOf(operator.pid)];
  const start = performance.now();
  await cluster.apply(policyWith("{{ request.object.data.word || 'plain' }}"));
  await planned(cluster, `${CLAIMS}/${CLAIMS}`);
  const millis = performance.now() - start;
  const spent = cpuMillisOf(operator.pid) - cpu;
  const counted = [...difference(requests, await stage.requestCounts())].filter(([what]) =>
    what.endsWith(" configmaps"),
  );
  const sum = (kinds: RegExp): number =>
    counted.reduce((all, [what, count]) => (kinds.test(what) ? all + count : all), 0);
  const writes = sum(/^(APPLY|PATCH|PUT|POST|DELETE)/);
  const reads = sum(/^(GET|LIST)/);
  table.judge(`writes for an edit that touches ${CLAIMS} claims and changes ${CHANGED} targets`, String(writes), {
    asked: String(CHANGED),
    kept: writes === CHANGED,
  });
  table.judge("reads of targets for it", String(reads), { asked: "0", kept: reads === 0 });
  table.tell("to the status that says so, ms", millis.toFixed(0));
  table.tell("operator's CPU for it, ms", spent.toFixed(0));
}

async function createTrigger({ client }: Stage, i: number): Promise<void> {
  const metadata = { name: `trigger-${i}`, namespace: PLACE, labels: { edited: "yes" } };
  const data: { [key: string]: string } = i < CHANGED ? { word: "special" } : {};
  const body = { apiVersion: "v1", kind: "ConfigMap", metadata, data };
  const answer = await client.send({ method: "POST", path: `/api/v1/namespaces/${PLACE}/configmaps`, body });
  if (!answer.ok) throw new Error(`trigger ${i}: ${answer.failure.message}`);
}

/** The status is that of the policy as it is stored now, and everything is in sync. */
async function planned(cluster: Cluster, ratio: string): Promise<void> {
  await waitUntil(`the policy says ${ratio}`, async () => {
    const policy = await cluster.get("clusterpolicies", "", "edited");
    const status = await policyStatus(cluster, "edited");
    const isCurrent = policy?.metadata.generation === status.observedGeneration;
    return isCurrent && condition(status, "InSync")?.status === "True" && status.summary?.ratio === ratio;
  });
}

if (process.argv[1] === import.meta.filename) {
  await using stage = await Stage.set();
  await measurePolicyEdit(stage, new Table());
}
