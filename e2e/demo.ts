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

/** What samples/tenancy/namespace-baseline.yaml makes for each namespace of a team. */
const TARGETS = [
  { kind: "NetworkPolicy", name: "default-deny" },
  { kind: "NetworkPolicy", name: "allow-dns" },
  { kind: "ResourceQuota", name: "team-quota" },
  { kind: "LimitRange", name: "default-limits" },
  { kind: "RoleBinding", name: "team-edit" },
  { kind: "ConfigMap", name: "team-info" },
] as const;
type Target = (typeof TARGETS)[number];

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
  await screen.run("kubectl apply -f samples/tenancy/namespace-baseline.yaml");
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
  const kinds = new Set(["Namespace", ...TARGETS.map(({ kind }) => kind)]);
  return [...kinds].map((kind) => {
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
    TARGETS.map(async (target) => {
      const seen = await watcher.see(print(target), since, (sighting) => isTarget(target, sighting));
      screen.took(print(target), seen.at - labelled.at);
    }),
  );
}

type Change = {
  title: string;
  target: Target;
  command: string;
  /** How it ends, when it is seen to. */
  ends: string;
  /** Shows the object as it is afterwards. */
  proof?: string;
};

const CHANGES: readonly Change[] = [
  {
    title: "Somebody raises the quota",
    target: { kind: "ResourceQuota", name: "team-quota" },
    command: `kubectl patch resourcequota team-quota -n ${NAMESPACE} --type merge -p '{"spec":{"hard":{"pods":"500"}}}'`,
    ends: "it has grown back",
  },
  {
    title: "Somebody adds egress to the default-deny policy: all traffic out is allowed",
    target: { kind: "NetworkPolicy", name: "default-deny" },
    command: `kubectl patch networkpolicy default-deny -n ${NAMESPACE} --type merge -p '{"spec":{"egress":[{}]}}'`,
    ends: "it is taken out again",
    proof: `kubectl get networkpolicy default-deny -n ${NAMESPACE} -o jsonpath='{.spec}{"\\n"}'`,
  },
  {
    title: "Somebody deletes the network policy",
    target: { kind: "NetworkPolicy", name: "default-deny" },
    command: `kubectl delete networkpolicy default-deny -n ${NAMESPACE}`,
    ends: "it has grown back",
  },
];

async function showRepairs(screen: Screen, watcher: Watcher): Promise<void> {
  for (const { title, target, command, ends, proof } of CHANGES) {
    const before = await watcher.see(print(target), 0, (sighting) => isTarget(target, sighting));
    const isAsBefore = (sighting: Sighting) =>
      isTarget(target, sighting) && isEqual(specOf(sighting.object), specOf(before.object));
    const isChanged = (sighting: Sighting) => isOf(target, sighting) && !isAsBefore(sighting);
    screen.step(title);
    const since = performance.now();
    await screen.run(command);
    const changed = await watcher.see("the change", since, isChanged);
    const repaired = await watcher.see("the repair", changed.at, isAsBefore);
    screen.took(ends, repaired.at - changed.at);
    if (proof !== undefined) await screen.run(proof);
  }
  screen.say("(from the event that shows the change to the one that shows the repair)");
}

function print({ kind, name }: Target): string {
  return `${kind} ${name}`;
}

function isOf({ kind, name }: Target, { object }: Sighting): boolean {
  return object.kind === kind && object.metadata.namespace === NAMESPACE && object.metadata.name === name;
}

function isTarget(target: Target, sighting: Sighting): boolean {
  return sighting.type !== "DELETED" && isOf(target, sighting);
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
      return (summary?.corrected ?? 0) >= CHANGES.length && summary?.ratio === `${TARGETS.length}/${TARGETS.length}`;
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
