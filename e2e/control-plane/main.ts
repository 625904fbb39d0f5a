/** The control plane from the command line: `build` makes sure the binaries are there, `run` starts it. */
import { parseArgs } from "node:util";
import { findBinaries } from "./binaries.ts";
import { type ControlPlane, startControlPlane } from "./control-plane.ts";
import { stopSignal } from "./stop-signal.ts";

const usage = `usage: node e2e/control-plane/main.ts build
       node e2e/control-plane/main.ts run [--folder DIR]

build   makes sure that etcd, kube-apiserver, kube-controller-manager and kubectl are there
run     starts a control plane that runs until Ctrl-C; its files are in DIR (empty or new) and stay there,
        or in a temporary folder, which goes`;

const say = (line: string) => console.error(line);

process.exitCode = await main(process.argv.slice(2)).catch((error: unknown) => {
  say(error instanceof Error ? error.message : String(error));
  return 1;
});

/** The exit code. */
async function main(args: string[]): Promise<number> {
  const [command, folder] = parseCommand(args);
  if (command === "build") {
    await findBinaries({ say, env: process.env });
    return 0;
  }
  if (command === "run") {
    await run(folder);
    return 0;
  }
  say(usage);
  return 2;
}

function parseCommand(args: string[]): [command: string | undefined, folder: string | undefined] {
  try {
    const { positionals, values } = parseArgs({
      args,
      allowPositionals: true,
      options: { folder: { type: "string" } },
    });
    return positionals.length === 1 ? [positionals[0], values.folder] : [undefined, undefined];
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    return [undefined, undefined];
  }
}

async function run(folder: string | undefined): Promise<void> {
  const controlPlane = await startControlPlane({ say, ...(folder === undefined ? {} : { folder }) });
  const signal = stopSignal();
  describe(controlPlane);
  // Neither a control plane nor a signal handler keeps a process alive.
  const alive = setInterval(() => {}, 2 ** 30);
  say(`control plane: ${await signal}, stopping`);
  clearInterval(alive);
  await controlPlane.stop();
}

function describe({ url, kubeconfig, kubectl, auditLog }: ControlPlane): void {
  console.log(`The API server listens on ${url}. In another terminal:

  export KUBECONFIG=${kubeconfig}
  ${kubectl} get namespaces
  tail -f ${auditLog}

Ctrl-C ends it.`);
}
