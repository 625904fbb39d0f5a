/** Where the Authorization header comes from, and when it is asked for anew: files on disk, and a clock that the test moves. */

import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Credentials, loadCredentials } from "./credentials.ts";

const SECOND = 1_000;
const MOUNT = "var/run/secrets/kubernetes.io/serviceaccount";

let folder: string;
let now = 0;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "perennial-credentials-"));
  now = 0;
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

async function write(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await mkdir(join(path, ".."), { recursive: true });
  await writeFile(path, text);
  return path;
}

function kubeconfig(user: object): string {
  return JSON.stringify({
    clusters: [{ name: "ours", cluster: { server: "https://10.0.0.1:6443" } }],
    contexts: [{ name: "ours", context: { cluster: "ours", user: "me" } }],
    users: [
      { name: "other", user: { tokenFile: "other" } },
      { name: "me", user },
    ],
    "current-context": "ours",
  });
}

async function load(file: string | undefined): Promise<Credentials> {
  return loadCredentials(file, { root: `${folder}/`, now: () => now });
}

/** The header of now, and again after so much time. */
async function headerAfter(credentials: Credentials, millis: number): Promise<string | undefined> {
  now += millis;
  return credentials.authorization();
}

describe("a token file", () => {
  it.each<[string, (name: string) => string]>([
    ["relative to the kubeconfig", (name) => name],
    ["with its whole path", (name) => join(folder, name)],
  ])("is found %s, and counts before a token in the kubeconfig", async (_, path) => {
    await write("token", "from-file\n");
    const credentials = await load(await write("config", kubeconfig({ token: "inline", tokenFile: path("token") })));
    expect(await credentials.authorization()).toBe("Bearer from-file");
  });

  it("that is replaced is used within a minute, though nothing was refused", async () => {
    await write("token", "old");
    const credentials = await load(await write("config", kubeconfig({ tokenFile: "token" })));
    await credentials.authorization();
    await write("token", "new");
    expect(await headerAfter(credentials, 59 * SECOND)).toBe("Bearer new");
  });

  it("that is replaced is used at once when the old token was refused", async () => {
    await write("token", "old");
    const credentials = await load(await write("config", kubeconfig({ tokenFile: "token" })));
    await credentials.authorization();
    await write("token", "new");
    expect(await headerAfter(credentials, 2 * SECOND)).toBe("Bearer old");
    credentials.forget();
    expect(await credentials.authorization()).toBe("Bearer new");
  });

  it("that cannot be read just now leaves the last token in use", async () => {
    await write("token", "old");
    const credentials = await load(await write("config", kubeconfig({ tokenFile: "token" })));
    await credentials.authorization();
    await rm(join(folder, "token"));
    expect(await headerAfter(credentials, 30 * SECOND)).toBe("Bearer old");
    await write("token", "new");
    expect(await headerAfter(credentials, 30 * SECOND)).toBe("Bearer new");
  });

  it("that was never there is an error", async () => {
    const credentials = await load(await write("config", kubeconfig({ tokenFile: "nowhere" })));
    await expect(credentials.authorization()).rejects.toThrow(/ENOENT.*nowhere/);
  });
});

describe("the service account of a Pod", () => {
  it("has its token read again within a minute, and at once when it was refused", async () => {
    vi.stubEnv("KUBERNETES_SERVICE_HOST", "10.0.0.1");
    vi.stubEnv("KUBERNETES_SERVICE_PORT", "443");
    await write(`${MOUNT}/ca.crt`, "a certificate");
    await write(`${MOUNT}/token`, "first");
    const credentials = await load(undefined);
    expect(credentials.server).toBe("https://10.0.0.1:443");
    expect(await credentials.authorization()).toBe("Bearer first");
    await write(`${MOUNT}/token`, "second");
    expect(await headerAfter(credentials, 59 * SECOND)).toBe("Bearer second");
    await write(`${MOUNT}/token`, "third");
    now += 2 * SECOND;
    credentials.forget();
    expect(await credentials.authorization()).toBe("Bearer third");
  });

  it("is an error outside of a Pod", async () => {
    vi.stubEnv("KUBERNETES_SERVICE_HOST", "");
    await expect(load(undefined)).rejects.toThrow("not in a Pod");
  });
});

describe("a kubeconfig", () => {
  it("that was written anew is read when its token was refused, and stays in use while it is half-written", async () => {
    const file = await write("config", kubeconfig({ token: "old" }));
    const credentials = await load(file);
    expect(await credentials.authorization()).toBe("Bearer old");
    await write("config", "{ half");
    now += 2 * SECOND;
    credentials.forget();
    expect(await credentials.authorization()).toBe("Bearer old");
    await write("config", kubeconfig({ token: "new" }));
    now += 2 * SECOND;
    credentials.forget();
    expect(await credentials.authorization()).toBe("Bearer new");
  });
});

describe("a plugin", () => {
  /** Prints a credential that is good for ever, with a number that grows. */
  async function withPlugin(): Promise<Credentials> {
    const count = join(folder, "count");
    const script = `echo x >> ${count}; printf '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"%s"}}' token-$(grep -c x ${count})`;
    const exec = { apiVersion: "client.authentication.k8s.io/v1", command: "sh", args: ["-c", script] };
    return load(await write("config", kubeconfig({ exec })));
  }

  it("is asked anew when its token was refused, once for all requests that were refused together", async () => {
    const credentials = await withPlugin();
    const first = await credentials.authorization();
    now += 2 * SECOND;
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => {
        credentials.forget();
        return credentials.authorization();
      }),
    );
    expect(first).toMatch(/^Bearer token-\d+$/);
    expect(new Set(answers).size).toBe(1);
    expect(answers[0]).not.toBe(first);
    credentials.forget(); // just read
    expect(await credentials.authorization()).toBe(answers[0]);
  });

  it("is not asked again while its token is accepted", async () => {
    const credentials = await withPlugin();
    const first = await credentials.authorization();
    expect(await headerAfter(credentials, 3600 * SECOND)).toBe(first);
  });
});
