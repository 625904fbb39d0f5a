/**
 * `make demo`: a guided tour on a real control plane. A policy is applied, a namespace gets what the policy wants, and what
 * somebody changes there grows back. With KEEP=1 all of it runs on until Ctrl-C.
 */

import { dirname } from "node:path";
import { connectCluster, discoverResources, loadCredentials } from "../src/cluster/index.ts";
import { isEqual, type KubernetesObject, type Resource } from "../src/object/index.ts";
import { waitUntil } from "./control-plane/index.ts";
import { exitCodeOf, type StopSignal, stopSignal } from "./control-plane/stop-signal.ts";
import { createScreen, type Screen } from "./demo/screen.ts";
import { openStage, ROOT, type Stage } from "./demo/stage.ts";
import { type Sighting, startWatcher, type Watcher } from "./demo/watcher.ts";

/** What samples/namespace-baseline.yaml makes for each namespace of a team. */
const TARGETS = {
  NetworkPolicy: "default-deny",
  ResourceQuota: "team-quota",
  LimitRange: "default-limits",
  RoleBinding: "team-edit",
  ConfigMap: "team-info",
} as const;
type TargetKind = keyof typeof TARGETS;

const NAMESPACE = "shop";
const POLICY = "/apis/perennial.dev/v1/clusterpolicies/namespace-baseline";

async function main(): Promise<number> {
  const write = (text: string) => process.stdout.write(text);
  const coloured = process.stdout.isTTY && process.env.NO_COLOR === undefined;
  const begin = performance.now();
  write("Perennial: what policies generate is made, and kept exactly so.\n");
  const stage = await openStage((line) => write(`   ${line}\n`)).catch(fail(write));
  if (stage === undefined) return 1;
  const stopped = stopSignal();
  const screen = createScreen({ write, coloured, folder: ROOT, env: stage.env });
  try {
    const tour = takeTour(stage, screen, begin);
    tour.catch(() => {}); // lost when Ctrl-C was first
    const signal = await Promise.race([tour, stopped]);
    if (signal !== undefined) return exitCodeOf(signal);
    if (process.env.KEEP) await keepRunning(stage, screen, stopped);
    return 0;
  } catch (error) {
    fail(write)(error);
    write(`\nThe end of the operator's log:\n${await stage.readOperatorLog()}\n`);
    return 1;
  } finally {
    await stage.stop();
  }
}

function fail(write: (text: string) => void): (error: unknown) => undefined {
  return (error) => {
    write(`\nThe demo failed: ${error instanceof Error ? error.message : String(error)}\n`);
    return undefined;
  };
}

async function takeTour(stage: Stage, screen: Screen, begin: number): Promise<void> {
  screen.step("A real control plane: etcd, kube-apiserver, kube-controller-manager");
  screen.took("it runs", performance.now() - begin);

  screen.step("The kinds ClusterPolicy and Policy, and what the operator may do");
  await screen.run("kubectl apply -f crds");
  await screen.run("kubectl apply -k config/rbac");
  await screen.run("kubectl apply -k config/samples-rbac");
  await screen.run("kubectl wait --for=condition=Established crd/clusterpolicies.perennial.dev");

  screen.step("The operator, as its own service account");
  const started = performance.now();
  await stage.startOperator();
  screen.took("it is ready", performance.now() - started);

  screen.step("A policy: what every namespace with a label `team` starts with");
  await screen.run("kubectl apply -f samples/namespace-baseline.yaml");
  await screen.run("kubectl wait --for=condition=Ready pcpol/namespace-baseline --timeout=30s");

  const client = connectCluster(await loadCredentials(stage.plane.kubeconfig));
  const watcher = await startWatcher(client, await resourcesToWatch(client));
  try {
    await showGrowth(screen, watcher);
    await showRepairs(screen, watcher);
  } finally {
    watcher.stop();
    await client.close();
  }
  await showStatus(stage, screen);
}

async function resourcesToWatch(client: Parameters<typeof discoverResources>[0]): Promise<Resource[]> {
  const discovered = await discoverResources(client);
  if (!discovered.ok) throw new Error("the API server does not say which kinds it serves");
  const kinds = ["Namespace", ...Object.keys(TARGETS)];
  return kinds.map((kind) => {
    const resource = discovered.resources.find((candidate) => candidate.kind === kind);
    if (resource === undefined) throw new Error(`the API server does not serve ${kind}`);
    return resource;
  });
}

async function showGrowth(screen: Screen, watcher: Watcher): Promise<void> {
  screen.step("A namespace of a team");
  await screen.run(`kubectl create namespace ${NAMESPACE}`);
  const since = performance.now();
  await screen.run(`kubectl label namespace ${NAMESPACE} team=checkout`);
  const labelled = await watcher.see("the label", since, ({ object }) => object.metadata.labels?.team === "checkout");
  screen.say("From the event that shows the label to the one that shows the object:");
  await Promise.all(
    targetKinds().map(async (kind) => {
      const seen = await watcher.see(`${kind} ${TARGETS[kind]}`, since, (sighting) => isTarget(kind, sighting));
      screen.took(`${kind} ${TARGETS[kind]}`, seen.at - labelled.at);
    }),
  );
}

type Change = {
  title: string;
  kind: TargetKind;
  command: string;
};

const CHANGES: readonly Change[] = [
  {
    title: "Somebody raises the quota",
    kind: "ResourceQuota",
    command: `kubectl patch resourcequota team-quota -n ${NAMESPACE} --type merge -p '{"spec":{"hard":{"pods":"500"}}}'`,
  },
  {
    title: "Somebody adds a rule that lets all traffic out",
    kind: "NetworkPolicy",
    command: `kubectl patch networkpolicy default-deny -n ${NAMESPACE} --type json -p '[{"op":"add","path":"/spec/egress/-","value":{}}]'`,
  },
  {
    title: "Somebody deletes the network policy",
    kind: "NetworkPolicy",
    command: `kubectl delete networkpolicy default-deny -n ${NAMESPACE}`,
  },
];

async function showRepairs(screen: Screen, watcher: Watcher): Promise<void> {
  for (const { title, kind, command } of CHANGES) {
    const before = await watcher.see(`${kind} ${TARGETS[kind]}`, 0, (sighting) => isTarget(kind, sighting));
    const isAsBefore = (sighting: Sighting) =>
      isTarget(kind, sighting) && isEqual(specOf(sighting.object), specOf(before.object));
    const isChanged = (sighting: Sighting) => isOf(kind, sighting) && !isAsBefore(sighting);
    screen.step(title);
    const since = performance.now();
    await screen.run(command);
    const changed = await watcher.see("the change", since, isChanged);
    const repaired = await watcher.see("the repair", changed.at, isAsBefore);
    screen.took("it has grown back", repaired.at - changed.at);
  }
  screen.say("(from the event that shows the change to the one that shows the repair)");
}

function targetKinds(): TargetKind[] {
  return Object.keys(TARGETS) as TargetKind[]; // the keys of a constant
}

function isOf(kind: TargetKind, { object }: Sighting): boolean {
  return object.kind === kind && object.metadata.namespace === NAMESPACE && object.metadata.name === TARGETS[kind];
}

function isTarget(kind: TargetKind, sighting: Sighting): boolean {
  return sighting.type !== "DELETED" && isOf(kind, sighting);
}

function specOf(object: KubernetesObject) {
  return object.spec ?? null;
}

async function showStatus({ plane }: Stage, screen: Screen): Promise<void> {
  screen.step("What the policy says of all this");
  await waitUntil(
    "the status shows the corrections",
    async () => {
      const { body } = await plane.request("GET", POLICY);
      // A ClusterPolicy, whose status the operator wrote; anything else is "not yet".
      const summary = (body as { status?: { summary?: { corrected?: number; ratio?: string } } }).status?.summary;
      return (summary?.corrected ?? 0) >= CHANGES.length && summary?.ratio === "5/5";
    },
    { deadline: 20_000 },
  );
  await screen.run("kubectl get pcpol -o wide");
  await screen.run("kubectl describe pcpol namespace-baseline | sed -n '/^Status:/,$p'");
}

async function keepRunning({ plane }: Stage, screen: Screen, stopped: Promise<StopSignal>): Promise<void> {
  screen.step("It runs on until Ctrl-C. In another terminal:");
  screen.say(`export KUBECONFIG=${plane.kubeconfig}\nexport PATH=${dirname(plane.kubectl)}:$PATH\nkubectl get pcpol`);
  const alive = setInterval(() => {}, 2 ** 30); // neither a control plane nor a signal handler keeps a process alive
  await stopped;
  clearInterval(alive);
}

process.exitCode = await main();
