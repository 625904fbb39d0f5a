/** The three processes of a control plane: in which order they start and end, and when they count as ready. */
import { randomBytes } from "node:crypto";
import { cp, mkdtemp, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { type ApiRequest, makeApiRequest } from "./api-request.ts";
import { type ApiServerSettings, apiServerArguments, type StaticToken, writeApiServerFiles } from "./api-server.ts";
import type { Binaries } from "./binary-folder.ts";
import type { CertificateFiles } from "./certificates.ts";
import { controllerManagerArguments } from "./controller-manager.ts";
import type { DeathPact } from "./death-pact.ts";
import { etcdArguments, etcdData } from "./etcd.ts";
import { type KeptProcess, keepRunning } from "./kept-process.ts";
import { writeKubeconfig } from "./kubeconfig.ts";
import { ProcessFailure, type RunningProcess, startProcess } from "./process.ts";
import { waitForApiServer, waitForControllers } from "./readiness.ts";

export interface ComponentsOptions {
  readonly binaries: Binaries;
  readonly folder: string;
  readonly pact: DeathPact;
  readonly certificates: CertificateFiles;
  readonly audit: boolean;
  readonly durable: boolean;
  readonly apiServerArguments: readonly string[];
  readonly pickPort: () => Promise<number>;
}

export interface Components {
  readonly url: string;
  readonly adminToken: string;
  /** As admin. */
  readonly request: ApiRequest;
  pids(): { etcd: number; apiServer: number; controllerManager: number };
  stopApiServer(signal?: NodeJS.Signals): Promise<void>;
  /** Does nothing but wait for readiness when it runs. */
  startApiServer(): Promise<void>;
  restartEtcd(): Promise<void>;
  backUpEtcd(): Promise<string>;
  restoreEtcd(backup: string): Promise<void>;
  stop(): Promise<void>;
}

/** Starts all three; returns when all work. When it rejects, none of them runs. */
export async function startComponents(options: ComponentsOptions): Promise<Components> {
  const etcd = await start(options, "etcd", etcdArguments(options.folder, options.durable));
  try {
    const servers = await startServersOnFreePort(options, etcd);
    return new RunningComponents(options, etcd, servers);
  } catch (error) {
    await etcd.stop();
    throw error;
  }
}

/** What depends on the port of the API server. */
interface Servers {
  readonly settings: ApiServerSettings;
  readonly url: string;
  readonly adminToken: string;
  readonly request: ApiRequest;
  readonly apiServer: RunningProcess;
  readonly controllerManager: KeptProcess;
}

const portAttempts = 5;

/** Between finding a free port and listening on it, another control plane may have been quicker. */
async function startServersOnFreePort(options: ComponentsOptions, etcd: RunningProcess): Promise<Servers> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await startServers(options, etcd, await options.pickPort());
    } catch (error) {
      if (attempt === portAttempts || !isPortTaken(error)) throw error;
    }
  }
}

function isPortTaken(error: unknown): boolean {
  return error instanceof ProcessFailure && error.output.includes("address already in use");
}

async function startServers(options: ComponentsOptions, etcd: RunningProcess, port: number): Promise<Servers> {
  const { certificates } = options;
  const url = `https://127.0.0.1:${port}`;
  const [adminToken, managerToken] = [makeToken(), makeToken()];
  const settings = makeSettings(options, port, [
    { token: adminToken, user: "admin", groups: ["system:masters"] },
    { token: managerToken, user: managerUser, groups: [] },
  ]);
  await writeApiServerFiles(settings);
  const request = makeApiRequest({ url, authority: await readFile(certificates.caFile, "utf8"), token: adminToken });
  const apiServer = await start(options, "kube-apiserver", apiServerArguments(settings));
  const controllerManager = await startControllerManager(options, url, managerToken);
  try {
    await waitForApiServer(request, etcd, apiServer);
    await waitForControllers(request, controllerManager);
  } catch (error) {
    await Promise.all([controllerManager.stop(), apiServer.stop()]);
    throw error;
  }
  return { settings, url, adminToken, request, apiServer, controllerManager };
}

function makeSettings(options: ComponentsOptions, port: number, tokens: StaticToken[]): ApiServerSettings {
  const { folder, certificates, audit, apiServerArguments: extra } = options;
  return { folder, port, certificates, audit, extra, tokens };
}

/** It waits ten seconds for the API server and then gives up; on a slow machine it is started once more. */
async function startControllerManager(options: ComponentsOptions, url: string, token: string): Promise<KeptProcess> {
  const { folder, certificates } = options;
  const access = { url, caFile: certificates.caFile, user: managerUser, token };
  const kubeconfig = await writeKubeconfig(join(folder, "controller-manager.kubeconfig"), access);
  const managerArguments = controllerManagerArguments(kubeconfig, certificates);
  return await keepRunning(() => start(options, "kube-controller-manager", managerArguments));
}

const managerUser = "system:kube-controller-manager";

function makeToken(): string {
  return randomBytes(24).toString("base64url");
}

type Component = "etcd" | "kube-apiserver" | "kube-controller-manager";

function start(options: ComponentsOptions, name: Component, commandArguments: string[]): Promise<RunningProcess> {
  const { folder, pact } = options;
  const logFile = join(folder, `${name}.log`);
  return startProcess({ name, command: options.binaries[name], arguments: commandArguments, logFile, pact, folder });
}

class RunningComponents implements Components {
  readonly url: string;
  readonly adminToken: string;
  readonly request: ApiRequest;
  readonly #options: ComponentsOptions;
  readonly #settings: ApiServerSettings;
  readonly #controllerManager: KeptProcess;
  #etcd: RunningProcess;
  #apiServer: RunningProcess;

  constructor(options: ComponentsOptions, etcd: RunningProcess, servers: Servers) {
    this.url = servers.url;
    this.adminToken = servers.adminToken;
    this.request = servers.request;
    this.#options = options;
    this.#settings = servers.settings;
    this.#controllerManager = servers.controllerManager;
    this.#etcd = etcd;
    this.#apiServer = servers.apiServer;
  }

  pids() {
    return {
      etcd: this.#etcd.pid,
      apiServer: this.#apiServer.pid,
      controllerManager: this.#controllerManager.current().pid,
    };
  }

  async stopApiServer(signal?: NodeJS.Signals) {
    await this.#apiServer.stop(signal);
  }

  async startApiServer() {
    if (this.#apiServer.hasEnded()) {
      this.#apiServer = await start(this.#options, "kube-apiserver", apiServerArguments(this.#settings));
    }
    await waitForApiServer(this.request, this.#etcd, this.#apiServer);
  }

  /** As after a crash, in which nothing is lost that was answered. In peace etcd would wait 7 s for the API server's watches. */
  async restartEtcd() {
    await this.#etcd.stop("SIGKILL");
    this.#etcd = await start(this.#options, "etcd", etcdArguments(this.#options.folder, this.#options.durable));
    if (!this.#apiServer.hasEnded()) await waitForApiServer(this.request, this.#etcd, this.#apiServer);
  }

  /** All that is stored, as files: nobody writes meanwhile. */
  async backUpEtcd() {
    const backup = await mkdtemp(join(this.#options.folder, "backup-"));
    await this.#withoutServers(() => cp(etcdData(this.#options.folder), backup, { recursive: true }));
    return backup;
  }

  async restoreEtcd(backup: string) {
    const data = etcdData(this.#options.folder);
    await this.#withoutServers(async () => {
      await rm(data, { recursive: true });
      await cp(backup, data, { recursive: true });
    });
  }

  async #withoutServers(act: () => Promise<void>) {
    await this.#apiServer.stop();
    await this.#etcd.stop();
    await act();
    this.#etcd = await start(this.#options, "etcd", etcdArguments(this.#options.folder, this.#options.durable));
    await this.startApiServer();
  }

  /** etcd last: without it the API server would not end in peace. */
  async stop() {
    await Promise.all([this.#controllerManager.stop(), this.#apiServer.stop()]);
    await this.#etcd.stop();
  }
}
