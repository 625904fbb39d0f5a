/** How etcd is run. */
import { join } from "node:path";

/**
 * etcd listens on a socket in the folder: no port that could clash, and nobody else on the machine gets past the API
 * server. `durable`: it waits for the disk, as etcd does anywhere else; without that nothing is lost when a process is killed,
 * only when the machine is, which is enough for tests.
 */
export function etcdArguments(folder: string, durable: boolean): string[] {
  return [
    "--name=default",
    `--data-dir=${etcdData(folder)}`,
    `--listen-client-urls=${etcdUrl(folder)}`,
    `--advertise-client-urls=${etcdUrl(folder)}`,
    "--listen-peer-urls=http://127.0.0.1:0",
    "--initial-advertise-peer-urls=http://127.0.0.1:0",
    "--initial-cluster=default=http://127.0.0.1:0",
    `--unsafe-no-fsync=${!durable}`,
    // The bench writes more than the default of 2 GiB.
    `--quota-backend-bytes=${8 * 1024 ** 3}`,
    "--log-level=warn",
  ];
}

/** Where it stores everything. */
export function etcdData(folder: string): string {
  return join(folder, "etcd");
}

export function etcdUrl(folder: string): string {
  return `unix://${join(folder, "etcd.sock")}`;
}
