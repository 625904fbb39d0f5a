/** A Kubernetes control plane on this machine: etcd, kube-apiserver and kube-controller-manager, the real ones. */
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { ApiRequest } from "./api-request.ts";
import { auditLogFile } from "./api-server.ts";
import { findBinaries } from "./binaries.ts";
import type { Binaries } from "./binary-folder.ts";
import { type CertificateFiles, writeCertificates } from "./certificates.ts";
import { type Components, startComponents } from "./components.ts";
import { type DeathPact, makeDeathPact } from "./death-pact.ts";
import { findFreePort } from "./free-port.ts";
import { writeKubeconfig } from "./kubeconfig.ts";
import { requestToken, type ServiceAccount } from "./service-account.ts";

export interface ControlPlaneOptions {
  /** Whether requests are written to the audit log. Default true; a bench switches it off. */
  readonly audit?: boolean;
  /** Whether etcd waits for the disk. Default false; a bench switches it on. */
  readonly durable?: boolean;
  /** An empty or absent folder for its files, which stays afterwards. Default: a temporary one, which goes. */
  readonly folder?: string;
  /** Further arguments of kube-apiserver. */
  readonly apiServerArguments?: readonly string[];
  /** Tells the user in one line what happens. Default: stderr. */
  readonly say?: (line: string) => void;
  /** Where binaries are looked for. Default: the environment of this process. */
  readonly env?: NodeJS.ProcessEnv;
  /** Proposes ports of 127.0.0.1; asked again when one turns out to be taken. */
  readonly pickPort?: () => Promise<number>;
}

/**
 * A control plane that runs. It ends with `stop()`, and with this process, however that ends; it does not keep this process
 * alive. All methods return when what they say is done, and reject when it could not be done.
 */
export interface ControlPlane extends AsyncDisposable {
  readonly url: string;
  /** PEM file of the authority that signed the certificate of `url`. */
  readonly caFile: string;
  /** PEM files of the certificate of `url` and its key, for a server that stands in for the API server. */
  readonly servingFile: string;
  readonly servingKeyFile: string;
  /** Bearer token of the user `admin` of the group system:masters, whom nothing is forbidden. */
  readonly token: string;
  /** Path of the kubeconfig of `admin`. */
  readonly kubeconfig: string;
  /** Path of kubectl. */
  readonly kubectl: string;
  /** Path of the audit log: one JSON event per line, written at the latest shortly after the answer. */
  readonly auditLog: string;
  readonly folder: string;
  /** Process ids of now. A restart changes them. */
  pids(): { etcd: number; apiServer: number; controllerManager: number };
  /** One request as `admin`; every status is an answer. */
  readonly request: ApiRequest;
  /** Path of a new kubeconfig of a service account, which must exist; its token is good for a day. */
  kubeconfigFor(account: ServiceAccount): Promise<string>;
  /** Same port, same data. */
  restartApiServer(): Promise<void>;
  stopApiServer(): Promise<void>;
  startApiServer(): Promise<void>;
  /** Ends it as a crash would. `startApiServer()` starts it again. */
  killApiServer(): Promise<void>;
  /** Returns when the API server is ready again, too. */
  restartEtcd(): Promise<void>;
  /** A copy of all that is stored: a folder for `restoreEtcd`. The servers are restarted for it. */
  backUpEtcd(): Promise<string>;
  /** Puts everything back to what it was then, resource versions included. */
  restoreEtcd(backup: string): Promise<void>;
  /** Ends everything and removes the temporary folder. May be called twice. */
  stop(): Promise<void>;
}

/**
 * Starts one. Returns when the API server is ready and the controllers work (the service account default/default exists).
 * When it cannot be started, nothing runs, the message ends with the last lines of the log, and the folder stays.
 */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const say = options.say ?? ((line: string) => console.error(line));
  const binaries = await findBinaries({ say, env: options.env ?? process.env });
  const folder = await makeFolder(options.folder);
  const isTemporary = options.folder === undefined;
  const pact = makeDeathPact(isTemporary ? folder : undefined);
  try {
    const certificates = await writeCertificates(folder, new Date());
    const components = await startComponents({
      binaries,
      folder,
      pact,
      certificates,
      audit: options.audit ?? true,
      durable: options.durable ?? false,
      apiServerArguments: options.apiServerArguments ?? [],
      pickPort: options.pickPort ?? findFreePort,
    });
    return await describe({ components, certificates, binaries, folder, isTemporary, pact });
  } catch (error) {
    pact.keepFolder();
    await pact.release();
    throw error;
  }
}

async function makeFolder(named: string | undefined): Promise<string> {
  if (named === undefined) return await mkdtemp(join(tmpdir(), "perennial-control-plane-"));
  const folder = resolve(named);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if ((await readdir(folder)).length > 0) {
    throw new Error(`${folder} is not empty. A control plane begins with an empty folder: name another, or empty it.`);
  }
  return folder;
}

interface Parts {
  readonly components: Components;
  readonly certificates: CertificateFiles;
  readonly binaries: Binaries;
  readonly folder: string;
  readonly isTemporary: boolean;
  readonly pact: DeathPact;
}

async function describe(parts: Parts): Promise<ControlPlane> {
  const { components, folder } = parts;
  const { url, adminToken: token, request } = components;
  const { caFile, servingFile, servingKeyFile } = parts.certificates;
  const kubeconfig = await writeKubeconfig(join(folder, "admin.kubeconfig"), { url, caFile, user: "admin", token });
  let stopped: Promise<void> | undefined;
  const stop = () => {
    stopped ??= end(parts);
    return stopped;
  };
  return {
    url,
    caFile,
    servingFile,
    servingKeyFile,
    token,
    kubeconfig,
    kubectl: parts.binaries.kubectl,
    auditLog: auditLogFile(folder),
    folder,
    request,
    pids: () => components.pids(),
    kubeconfigFor: (account) => writeAccountKubeconfig(parts, account),
    stopApiServer: () => components.stopApiServer(),
    killApiServer: () => components.stopApiServer("SIGKILL"),
    startApiServer: () => components.startApiServer(),
    async restartApiServer() {
      await components.stopApiServer();
      await components.startApiServer();
    },
    restartEtcd: () => components.restartEtcd(),
    backUpEtcd: () => components.backUpEtcd(),
    restoreEtcd: (backup) => components.restoreEtcd(backup),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

async function writeAccountKubeconfig(parts: Parts, account: ServiceAccount): Promise<string> {
  const { components, certificates, folder } = parts;
  const { namespace, serviceAccount } = account;
  const user = `system:serviceaccount:${namespace}:${serviceAccount}`;
  const token = await requestToken(components.request, account);
  const path = join(folder, `${namespace}.${serviceAccount}.kubeconfig`);
  return await writeKubeconfig(path, { url: components.url, caFile: certificates.caFile, user, token, namespace });
}

async function end({ components, folder, isTemporary, pact }: Parts): Promise<void> {
  await components.stop();
  if (isTemporary) await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  await pact.release();
}
