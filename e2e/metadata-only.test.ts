/** Triggers of which rules read nothing but metadata: no more of them is asked for, until a rule reads more. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { FaultProxy, FaultRule, ProxiedRequest } from "./fault-proxy/index.ts";
import {
  type Cluster,
  clusterPolicy,
  hasData,
  type Labels,
  namespace,
  type OperatorProcess,
  startCluster,
  startOperator,
  startProxy,
  TRIGGER_NAME,
  versionOf,
  waitForCondition,
  waitForObject,
  waitUntil,
  waitUntilGone,
} from "./harness/index.ts";

const HOME = "vault";
const MATCH = { any: [{ resources: { kinds: ["Secret"], selector: { matchLabels: { listed: "yes" } } } }] };
const TEAM = "{{ request.object.metadata.labels.team }}";
const PASSWORD = "{{ base64_decode(request.object.data.password) }}";

let cluster: Cluster;
let proxy: FaultProxy;
let kubeconfig: string;
let operator: OperatorProcess;

beforeAll(async () => {
  cluster = await startCluster();
  ({ proxy, kubeconfig } = await startProxy(cluster));
  operator = await startOperator(cluster, { flags: ["--kubeconfig", kubeconfig] });
  await cluster.apply(namespace(HOME), secret("first", "red"), secret("second", "blue"), policy("teams", "team"));
  await waitForObject(cluster, registered("team", "first"), hasData({ team: "red", kind: "Secret" }));
  await waitForObject(cluster, registered("team", "second"), hasData({ team: "blue", kind: "Secret" }));
});

afterAll(async () => {
  proxy?.calm();
  await operator?.stop();
  await proxy?.stop();
  await cluster?.stop();
});

function secret(name: string, team: string, labels: Labels = { listed: "yes" }): object {
  const metadata = { namespace: HOME, name, labels: { ...labels, team } };
  return { apiVersion: "v1", kind: "Secret", metadata, stringData: { password: `of-${name}` } };
}

/** A ConfigMap for each Secret: `<prefix>-<name>`. */
function policy(name: string, prefix: string, data: Labels = {}): object {
  const known = { team: TEAM, kind: "{{ request.object.kind }}" };
  const generate = {
    ...{ apiVersion: "v1", kind: "ConfigMap", name: `${prefix}-${TRIGGER_NAME}`, namespace: HOME },
    data: { data: { ...known, ...data } },
  };
  return clusterPolicy(name, { name: "register", match: MATCH, generate });
}

function registered(prefix: string, name: string) {
  return ["configmap", HOME, `${prefix}-${name}`] as const;
}

function isAboutSecrets({ method, path, query }: ProxiedRequest): boolean {
  return method === "GET" && path === "/api/v1/secrets" && query.get("labelSelector") === null;
}

/** How Secrets were asked for since then, lists and watches, the last one last. */
function forms(since: number): string[] {
  const asked = proxy.seen.filter((request) => isAboutSecrets(request) && request.at >= since);
  return asked.map(({ isWatch, accept }) => `${isWatch ? "watch" : "list"} ${formOf(accept)}`);
}

function formOf(accept: string): string {
  return /;as=(\w+);/.exec(accept)?.[1] ?? "whole";
}

const LISTED = "list PartialObjectMetadataList";
const WATCHED = "watch PartialObjectMetadata";

async function waitForWatch(form: string, since: number): Promise<void> {
  await waitUntil(`a ${form}`, async () => forms(since).at(-1) === form);
}

async function versions(prefix: string): Promise<string[]> {
  const maps = await cluster.list("configmaps", HOME, "perennial.dev/target");
  const own = maps.filter(({ metadata }) => metadata.name.startsWith(`${prefix}-`));
  return own.map((object) => `${object.metadata.name} ${versionOf(object)}`).sort((a, b) => (a < b ? -1 : 1));
}

describe("a kind of which rules read only metadata", () => {
  it("is listed and watched as that", async () => {
    await waitForWatch(WATCHED, 0);
    expect(new Set(forms(0))).toEqual(new Set([LISTED, WATCHED]));
  });

  it("triggers by its labels, as it comes, changes and goes", async () => {
    await cluster.apply(secret("third", "green"), secret("unlisted", "green", {}));
    await waitForObject(cluster, registered("team", "third"), hasData({ team: "green", kind: "Secret" }));
    await cluster.kubectl("label", "secret", "third", "-n", HOME, "team=pink", "--overwrite");
    await waitForObject(cluster, registered("team", "third"), hasData({ team: "pink", kind: "Secret" }));
    await cluster.kubectl("label", "secret", "third", "-n", HOME, "listed-");
    await waitUntilGone(cluster, registered("team", "third"));
    await cluster.kubectl("label", "secret", "third", "-n", HOME, "listed=yes");
    await waitForObject(cluster, registered("team", "third"));
    await cluster.kubectl("delete", "secret", "third", "-n", HOME);
    await waitUntilGone(cluster, registered("team", "third"));
    expect(await cluster.get(...registered("team", "unlisted"))).toBeUndefined();
    expect(new Set(forms(0))).toEqual(new Set([LISTED, WATCHED]));
  });

  it("goes on when its watch breaks, and is listed anew when it must be", async () => {
    const since = performance.now();
    let refused = 0;
    const expired: FaultRule = {
      request(request) {
        if (!isAboutSecrets(request) || !request.isWatch || refused > 0) return undefined;
        refused += 1;
        return { fault: "answer", status: 410, body: JSON.stringify({ kind: "Status", code: 410, reason: "Expired" }) };
      },
    };
    await proxy.during(expired, async () => {
      proxy.resetAll();
      await waitUntil("it was listed again", async () => forms(since).includes(LISTED));
      await waitForWatch(WATCHED, since);
    });
    await cluster.apply(secret("fourth", "grey"));
    await waitForObject(cluster, registered("team", "fourth"), hasData({ team: "grey", kind: "Secret" }));
  });
});

describe("a rule that reads more", () => {
  it("gets it, and other rules write and prune nothing because of that", { timeout: 120_000 }, async () => {
    await cluster.apply(policy("others", "other"));
    await waitForObject(cluster, registered("other", "fourth"));
    await waitForCondition(cluster, "others", { type: "InSync", status: "True" });
    const before = await versions("other");
    expect(before).toHaveLength(3);
    const uids = (await versions("team")).map((version) => version.replace(/ at .*/, ""));
    const since = performance.now();
    const released = Promise.withResolvers<void>();
    const slow: FaultRule = {
      request: (request) => {
        const isWhole = isAboutSecrets(request) && formOf(request.accept) === "whole";
        return isWhole && !request.isWatch ? { fault: "hold", until: released.promise } : undefined;
      },
    };
    await proxy.during(slow, async () => {
      await cluster.apply(policy("teams", "team", { password: PASSWORD }));
      await waitUntil("the Secrets are asked for", async () => forms(since).includes("list whole"));
      await cluster.kubectl("delete", "configmap", "other-first", "-n", HOME); // what needs no more goes on being kept
      await waitForObject(cluster, registered("other", "first"), hasData({ team: "red", kind: "Secret" }));
      await cluster.kubectl("delete", "secret", "fourth", "-n", HOME); // nobody sees that before the list
      released.resolve();
    });
    await waitForObject(
      cluster,
      registered("team", "first"),
      hasData({ team: "red", kind: "Secret", password: "of-first" }),
    );
    await waitForObject(
      cluster,
      registered("team", "second"),
      hasData({ team: "blue", kind: "Secret", password: "of-second" }),
    );
    await waitUntilGone(cluster, registered("team", "fourth"));
    await waitUntilGone(cluster, registered("other", "fourth"));
    await waitForWatch("watch whole", since);
    const isKept = (version: string): boolean => version.startsWith("other-second");
    expect((await versions("other")).filter(isKept)).toEqual(before.filter(isKept));
    const after = (await versions("team")).map((version) => version.replace(/ at .*/, ""));
    expect(after).toEqual(uids.filter((uid) => !uid.startsWith("team-fourth")));
  });

  it("follows the content", async () => {
    const patch = JSON.stringify({ stringData: { password: "another" } });
    await cluster.kubectl("patch", "secret", "first", "-n", HOME, "--type=merge", "-p", patch);
    const wanted = hasData({ team: "red", kind: "Secret", password: "another" });
    await waitForObject(cluster, registered("team", "first"), wanted);
  });

  it("and is edited to read less leaves its kind to be watched by metadata again", { timeout: 60_000 }, async () => {
    const since = performance.now();
    const others = await versions("other");
    await cluster.apply(policy("teams", "team"));
    await waitForObject(cluster, registered("team", "first"), hasData({ team: "red", kind: "Secret" }));
    await waitForObject(cluster, registered("team", "second"), hasData({ team: "blue", kind: "Secret" }));
    await waitForWatch(WATCHED, since);
    await cluster.apply(secret("fifth", "black"));
    await waitForObject(cluster, registered("team", "fifth"), hasData({ team: "black", kind: "Secret" }));
    expect(await versions("other")).toEqual(expect.arrayContaining(others));
  });
});

describe("a restart", () => {
  it("writes nothing, and asks for metadata alone from the beginning", { timeout: 60_000 }, async () => {
    await waitForObject(cluster, registered("other", "fifth"));
    const before = [...(await versions("team")), ...(await versions("other"))];
    await operator.stop();
    const since = performance.now();
    operator = await startOperator(cluster, { flags: ["--kubeconfig", kubeconfig] });
    await cluster.apply(secret("last", "white"));
    await waitForObject(cluster, registered("team", "last"));
    await waitForObject(cluster, registered("other", "last"));
    const after = [...(await versions("team")), ...(await versions("other"))];
    expect(before.filter((version) => !after.includes(version))).toEqual([]);
    expect(new Set(forms(since))).toEqual(new Set([LISTED, WATCHED]));
  });
});
