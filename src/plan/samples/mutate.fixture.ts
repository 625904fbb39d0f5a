/** samples/mutate */

import { configMapAt, namespaceNamed, objectAt, type SampleExample, workloadAt } from "./example.fixture.ts";

const LEVEL = "pod-security.kubernetes.io";

export const MUTATE: { readonly [file: string]: SampleExample } = {
  "mutate/default-pull-secret.yaml": {
    stored: [objectAt("registered/default", "v1", "ServiceAccount")],
    trigger: namespaceNamed("registered", { labels: { registry: "registry-credentials" } }),
    other: namespaceNamed("unregistered"),
    makes: { "ServiceAccount registered/default": { imagePullSecrets: [{ name: "registry-credentials" }] } },
    change: { imagePullSecrets: [] },
  },
  "mutate/pod-security.yaml": {
    trigger: namespaceNamed("secured", { labels: { security: "baseline" } }),
    other: namespaceNamed("unsecured", { labels: { security: "privileged" } }),
    makes: {
      "Namespace secured": {
        metadata: {
          labels: {
            [`${LEVEL}/enforce`]: "baseline",
            [`${LEVEL}/warn`]: "restricted",
            [`${LEVEL}/audit`]: "restricted",
          },
        },
      },
    },
    change: { metadata: { labels: { [`${LEVEL}/enforce`]: "privileged", [`${LEVEL}/warn`]: null } } },
  },
  "mutate/restart-on-config-change.yaml": {
    stored: [namespaceNamed("configured"), workloadAt("configured/web", "Deployment")],
    trigger: configMapAt("configured/settings", { colour: "red" }, { labels: { "used-by": "web" } }),
    other: configMapAt("configured/notes", { colour: "blue" }),
    makes: {
      "Deployment configured/web": {
        spec: { template: { metadata: { annotations: { "config-digest": /^[0-9a-f]{64}$/ } } } },
      },
    },
    change: { spec: { template: { metadata: { annotations: { "config-digest": "none" } } } } },
  },
};
