/** samples/quota */

import { configMapAt, namespaceNamed, type SampleExample } from "./example.fixture.ts";

const storageClass = (name: string, annotations: { [key: string]: string } = {}) => ({
  apiVersion: "storage.k8s.io/v1",
  kind: "StorageClass",
  metadata: { name, annotations },
  provisioner: "example.com/disk",
});

export const QUOTA: { readonly [file: string]: SampleExample } = {
  "quota/container-defaults.yaml": {
    trigger: namespaceNamed("limited"),
    makes: {
      "LimitRange limited/container-defaults": {
        spec: {
          limits: [
            {
              type: "Container",
              defaultRequest: { cpu: "50m", memory: "64Mi" },
              default: { memory: "256Mi" },
              max: { memory: "16Gi" },
            },
            { type: "PersistentVolumeClaim", max: { storage: "500Gi" } },
          ],
        },
      },
    },
    change: { spec: { limits: [{ type: "Container", default: { memory: "64Gi" } }] } },
  },
  "quota/gpus.yaml": {
    trigger: namespaceNamed("training", { labels: { gpus: "4" } }),
    makes: { "ResourceQuota training/gpus": { spec: { hard: { "requests.nvidia.com/gpu": "4" } } } },
    change: { spec: { hard: { "requests.nvidia.com/gpu": "400" } } },
  },
  "quota/no-load-balancers.yaml": {
    trigger: namespaceNamed("exposed", { labels: { expose: "load-balancer" } }),
    makes: {
      "ResourceQuota exposed/load-balancers": {
        spec: { hard: { "services.loadbalancers": "2", "services.nodeports": "0" } },
      },
    },
    change: { spec: { hard: { "services.nodeports": null } } },
  },
  "quota/quota-by-size.yaml": {
    stored: [
      configMapAt("platform/quota-sizes", {
        small: '{requests.cpu: "2", requests.memory: 4Gi, pods: "20"}',
        large: '{requests.cpu: "16", requests.memory: 32Gi, pods: "100"}',
      }),
    ],
    trigger: namespaceNamed("sized", { labels: { size: "small" } }),
    other: namespaceNamed("unsized"),
    makes: {
      "ResourceQuota sized/size": { spec: { hard: { "requests.cpu": "2", "requests.memory": "4Gi", pods: "20" } } },
    },
    change: { spec: { hard: { pods: "2000" } } },
  },
  "quota/storage-by-class.yaml": {
    stored: [storageClass("fast", { "example.com/per-namespace": "100Gi" }), storageClass("slow")],
    trigger: namespaceNamed("stored"),
    makes: {
      "ResourceQuota stored/storage-fast": {
        spec: { hard: { "fast.storageclass.storage.k8s.io/requests.storage": "100Gi" } },
      },
    },
    change: { spec: { hard: { "fast.storageclass.storage.k8s.io/requests.storage": "9Ti" } } },
  },
};
