/** Context that no watch shows: services and other API paths are asked again and again, and only another result matters. */

import type { RequestListener } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  type Cluster,
  clusterPolicy,
  condition,
  type HttpsService,
  hasData,
  namespace,
  namespacesLabelled,
  type OperatorProcess,
  policyStatus,
  startCluster,
  startHttpsService,
  startOperator,
  TRIGGER_NAME,
  versionOf,
  waitForCondition,
  waitForObject,
  waitUntil,
  waitUntilGone,
} from "./harness/index.ts";

let cluster: Cluster;
let operator: OperatorProcess;
let service: HttpsService;

beforeAll(async () => {
  [cluster, service] = await Promise.all([startCluster(), startHttpsService()]);
  operator = await startOperator(cluster, { flags: ["--api-call-interval=1s"] });
});

afterAll(async () => {
  await operator?.stop();
  await cluster?.stop();
  await service?.[Symbol.asyncDispose]();
});

/** For each Namespace with the label `name`, a ConfigMap of that name with what the call gives. */
function asking(name: string, apiCall: object, text = "{{ x }}"): object {
  return clusterPolicy(name, {
    name: "ask",
    match: namespacesLabelled(name),
    context: [{ name: "x", apiCall }],
    generate: { apiVersion: "v1", kind: "ConfigMap", name, namespace: TRIGGER_NAME, data: { data: { x: text } } },
  });
}

function asked(path: string, more: object = {}): { url: string; caBundle: string } {
  return { url: service.url + path, caBundle: service.caBundle, ...more };
}

function made(name: string, where = name): readonly ["configmap", string, string] {
  return ["configmap", where, name];
}

async function whyNotInSync(name: string): Promise<string> {
  await waitForCondition(cluster, name, { type: "InSync", status: "False", reason: "ContextMissing" });
  return condition(await policyStatus(cluster, name), "InSync")?.message ?? "";
}

/** How often a path was asked, two more times. */
async function askedTwiceMore(path: string): Promise<void> {
  const before = service.received(path).length;
  await waitUntil(`${path} is asked again`, async () => service.received(path).length >= before + 2);
}

it("follows a service, asks once for all, and writes nothing when the result is the same", async () => {
  const name = "follows";
  const headers = [{ key: "X-Team", value: "checkout" }];
  service.answer("/follows", { team: "a", noise: 1 });
  await cluster.apply(
    namespace(name, { [name]: "yes" }),
    namespace("follows-too", { [name]: "yes" }),
    asking(name, { service: asked("/follows", { headers }), jmesPath: "team" }),
  );
  const before = await waitForObject(cluster, made(name), hasData({ x: "a" }));
  await waitForObject(cluster, made(name, "follows-too"), hasData({ x: "a" }));
  service.answer("/follows", { team: "a", noise: 2 });
  await askedTwiceMore("/follows");
  expect(versionOf(await waitForObject(cluster, made(name)))).toBe(versionOf(before));
  service.answer("/follows", { team: "b" });
  await waitForObject(cluster, made(name), hasData({ x: "b" }));
  await waitForObject(cluster, made(name, "follows-too"), hasData({ x: "b" }));
  for (const { headers } of service.received("/follows")) {
    expect(headers["x-team"]).toBe("checkout");
    expect(headers.authorization).toBeUndefined();
  }
});

it("sends data, with what the trigger says in a segment of the path", async () => {
  const name = "posts";
  service.answer("/teams/posts", { size: 3 });
  const data = [{ key: "namespace", value: "{{ request.name }}" }];
  const call = { method: "POST", data, service: asked("/teams/{{ request.name }}"), jmesPath: "to_string(size)" };
  await cluster.apply(namespace(name, { [name]: "yes" }), asking(name, call));
  await waitForObject(cluster, made(name), hasData({ x: "3" }));
  expect(service.received("/teams/")[0]).toMatchObject({ method: "POST", body: '{"namespace":"posts"}' });
});

it("keeps what it made while the service has no good answer, says why, and goes on with the next good one", async () => {
  const name = "fails";
  service.answer("/fails", { team: "a" });
  await cluster.apply(namespace(name, { [name]: "yes" }), asking(name, { service: asked("/fails"), jmesPath: "team" }));
  const before = await waitForObject(cluster, made(name), hasData({ x: "a" }));
  const bad: [answer: RequestListener, told: string][] = [
    [(_, response) => response.end("<html>Please log in</html>"), "the answer is no JSON"],
    [(_, response) => response.end(`"${"x".repeat(2 * 1024 * 1024)}"`), "the answer has more than 2097152 bytes"],
    [(_, response) => response.writeHead(302, { location: "/follows" }).end(), "redirects are not followed"],
    [(_, response) => response.writeHead(500).end("secret words"), "it answers 500"],
  ];
  for (const [answer, told] of bad) {
    service.answerWith("/fails", answer);
    await waitUntil(`it says ${told}`, async () => (await whyNotInSync(name)).includes(told));
  }
  expect(await whyNotInSync(name)).not.toContain("secret words");
  expect(versionOf(await waitForObject(cluster, made(name)))).toBe(versionOf(before));
  service.answer("/fails", { team: "b" });
  await waitForObject(cluster, made(name), hasData({ x: "b" }));
  await waitForCondition(cluster, name, { type: "InSync", status: "True" });
});

it("waits for an answer that is late, and gives up on one that never comes, while others go on", async () => {
  const [late, never] = ["late", "never"];
  service.answerWith("/never", () => {});
  service.answerWith("/late", async (_, response) => {
    await delay(3_000);
    response.end('"in the end"');
  });
  await cluster.apply(namespace(never, { [never]: "yes" }), asking(never, { service: asked("/never") }));
  await cluster.apply(namespace(late, { [late]: "yes" }), asking(late, { service: asked("/late") }));
  await waitForObject(cluster, made(late), hasData({ x: "in the end" }));
  expect(await whyNotInSync(never)).toContain("no answer in time");
});

it("takes the default while the service fails, and its answer when it is there", async () => {
  const name = "defaults";
  await cluster.apply(
    namespace(name, { [name]: "yes" }),
    asking(name, { service: asked("/defaults"), default: "nothing yet" }),
  );
  await waitForObject(cluster, made(name), hasData({ x: "nothing yet" }));
  service.answer("/defaults", "there");
  await waitForObject(cluster, made(name), hasData({ x: "there" }));
});

it.each([
  ["localhost", "a name that means this machine"],
  ["127.0.0.1", "this machine"],
  ["169.254.169.254", "the place where clouds hand out credentials"],
])("never calls %s, %s", async (host) => {
  const name = `refuses-${host.replaceAll(".", "-")}`;
  const url = `https://${host}:${service.port}/refused`;
  await cluster.apply(
    namespace(name, { [name]: "yes" }),
    asking(name, { service: { url, caBundle: service.caBundle } }),
  );
  expect(await whyNotInSync(name)).toContain("which no rule may call");
  expect(service.received("/refused")).toEqual([]);
});

it("takes no certificate of an authority that it does not know", async () => {
  const name = "strange";
  await cluster.apply(namespace(name, { [name]: "yes" }), asking(name, { service: { url: `${service.url}/strange` } }));
  expect(await whyNotInSync(name)).toMatch(/self.signed certificate/);
  expect(service.received("/strange")).toEqual([]);
});

it("reads other paths of the API server, and puts reviews to it", async () => {
  const name = "version";
  await cluster.grant("reviews", [
    { apiGroups: ["authorization.k8s.io"], resources: ["subjectaccessreviews"], verbs: ["create"] },
  ]);
  const review = {
    urlPath: "/apis/authorization.k8s.io/v1/subjectaccessreviews",
    method: "POST",
    data: [
      { key: "apiVersion", value: "authorization.k8s.io/v1" },
      { key: "kind", value: "SubjectAccessReview" },
      { key: "spec", value: { user: "nobody", resourceAttributes: { verb: "get", resource: "pods" } } },
    ],
    jmesPath: "to_string(status.allowed)",
  };
  await cluster.apply(
    namespace(name, { [name]: "yes" }),
    asking(name, { urlPath: "/version", jmesPath: "join('.', [major, minor])" }),
    namespace("review", { review: "yes" }),
    asking("review", review),
  );
  const { data } = await waitForObject(cluster, made(name));
  expect(data).toMatchObject({ x: expect.stringMatching(/^1\.\d+$/) });
  await waitForObject(cluster, made("review"), hasData({ x: "false" }));
});

it("asks no more when nobody needs the answer", async () => {
  const name = "forgotten";
  service.answer("/forgotten", "a");
  await cluster.apply(namespace(name, { [name]: "yes" }), asking(name, { service: asked("/forgotten") }));
  await waitForObject(cluster, made(name), hasData({ x: "a" }));
  await askedTwiceMore("/forgotten");
  await cluster.kubectl("delete", "clusterpolicy", name);
  await waitUntil("its target is gone", async () => (await cluster.get(...made(name))) === undefined);
  const before = service.received("/forgotten").length;
  service.answer("/fence", "a");
  await cluster.apply(namespace("fence", { fence: "yes" }), asking("fence", { service: asked("/fence") }));
  await waitUntil("another one is asked", async () => service.received("/fence").length >= 3);
  expect(service.received("/forgotten").length).toBe(before);
});

it("looks at the clock again and again where it decides", async () => {
  const name = "timed";
  const at = (seconds: number): string => new Date(Date.now() + seconds * 1_000).toISOString().replace(/\.\d+Z$/, "Z");
  const rule = {
    name: "ask",
    match: namespacesLabelled(name),
    preconditions: [
      { key: `{{ time_between(time_now_utc(), '${at(5)}', '${at(15)}') }}`, operator: "Equals", value: true },
    ],
    generate: { apiVersion: "v1", kind: "ConfigMap", name, namespace: TRIGGER_NAME, data: { data: { x: "now" } } },
  };
  await cluster.apply(namespace(name, { [name]: "yes" }), clusterPolicy(name, rule));
  await waitForCondition(cluster, name, { type: "Ready", status: "True" });
  expect(await cluster.get(...made(name))).toBeUndefined();
  await waitForObject(cluster, made(name), hasData({ x: "now" }));
  await waitUntilGone(cluster, made(name));
});

it("refuses at once what a Policy may not say", async () => {
  await cluster.apply(namespace("confined"));
  const policy = {
    apiVersion: "perennial.dev/v1",
    kind: "Policy",
    metadata: { name: "confined", namespace: "confined" },
    spec: {
      rules: [
        {
          name: "ask",
          match: { any: [{ resources: { kinds: ["ConfigMap"] } }] },
          context: [{ name: "x", apiCall: { service: { url: "https://teams.example.com" } } }],
          generate: { apiVersion: "v1", kind: "ConfigMap", name: "a", namespace: "confined", data: { data: {} } },
        },
      ],
    },
  };
  await expect(cluster.apply(policy)).rejects.toThrow(
    "a Policy reads only in its own namespace, and calls no services",
  );
});
