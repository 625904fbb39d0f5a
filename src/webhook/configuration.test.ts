import { describe, expect, it } from "vitest";
import type { KubernetesObject } from "../object/index.ts";
import { type ConfigurationOptions, isAsDerived, policyConfiguration } from "./configuration.ts";

const OPTIONS: ConfigurationOptions = {
  installation: "perennial-system",
  reach: { service: { namespace: "perennial-system", name: "perennial-webhook" } },
  caBundle: "PEM",
  kyverno: false,
  secret: "s",
  mustAnswer: () => true,
  owner: { name: "perennial-system", uid: "1" },
};

function clientConfigOf({ webhooks }: KubernetesObject): unknown {
  return (webhooks as unknown as { clientConfig: unknown }[])[0]?.clientConfig;
}

describe("the configuration for policies", () => {
  it("calls the Service, or the URL that is given, whatever its end", () => {
    const caBundle = "UEVN";
    expect(clientConfigOf(policyConfiguration(OPTIONS))).toEqual({
      service: { namespace: "perennial-system", name: "perennial-webhook", path: "/policies/s", port: 443 },
      caBundle,
    });
    const outside = policyConfiguration({ ...OPTIONS, reach: { url: "https://192.0.2.1:9443/" } });
    expect(clientConfigOf(outside)).toEqual({ url: "https://192.0.2.1:9443/policies/s", caBundle });
  });

  it("has an entry for kyverno.io only where its policies are served", () => {
    const names = (kyverno: boolean) =>
      (policyConfiguration({ ...OPTIONS, kyverno }).webhooks as unknown as { name: string }[]).map(({ name }) => name);
    expect(names(false)).toEqual(["policies.perennial.dev"]);
    expect(names(true)).toEqual(["policies.perennial.dev", "policies.kyverno.io"]);
  });
});

describe("while nobody answers", () => {
  it("only policies of a group whose authors are trusted are written", () => {
    const { webhooks } = policyConfiguration({
      ...OPTIONS,
      kyverno: true,
      mustAnswer: (group) => group === "perennial.dev",
    });
    const policies = (webhooks as unknown as { failurePolicy: string }[]).map(({ failurePolicy }) => failurePolicy);
    expect(policies).toEqual(["Fail", "Ignore"]);
  });
});

describe("what is stored", () => {
  const derived = policyConfiguration(OPTIONS);
  const owners = [{ apiVersion: "v1", kind: "Namespace", name: "perennial-system", uid: "1" }];
  const stored = (webhooks: unknown, metadata = {}): KubernetesObject =>
    ({
      ...derived,
      webhooks,
      metadata: { name: "x", ownerReferences: owners, uid: "2", ...metadata },
    }) as KubernetesObject;
  const [entry] = derived.webhooks as unknown as object[];

  it.each<[string, KubernetesObject | undefined, boolean]>([
    ["nothing", undefined, false],
    ["the same", stored([entry]), true],
    ["an entry of somebody else beside ours", stored([{ name: "other" }, entry]), true],
    ["another failurePolicy", stored([{ ...entry, failurePolicy: "Ignore" }]), false],
    ["no entries", stored([]), false],
    ["another owner", stored([entry], { ownerReferences: [] }), false],
  ])("%s", (_case, object, expected) => {
    expect(isAsDerived(object, derived)).toBe(expected);
  });
});
