/** samples/workload */

import { namespaceNamed, objectAt, type SampleExample, workloadAt } from "./example.fixture.ts";

const targetOf = (name: string) => ({ apiVersion: "apps/v1", kind: "Deployment", name });

export const WORKLOAD: { readonly [file: string]: SampleExample } = {
  "workload/hpa-by-annotation.yaml": {
    stored: [namespaceNamed("scaled")],
    trigger: workloadAt("scaled/web", "Deployment", { annotations: { "max-replicas": "10" } }),
    other: workloadAt("scaled/fixed", "Deployment"),
    makes: {
      "HorizontalPodAutoscaler scaled/web": {
        spec: {
          scaleTargetRef: targetOf("web"),
          minReplicas: 2,
          maxReplicas: 10,
          metrics: [
            { type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 75 } } },
          ],
        },
      },
    },
    change: { spec: { maxReplicas: 1000 } },
  },
  "workload/pdb-per-deployment.yaml": {
    stored: [namespaceNamed("drained")],
    trigger: workloadAt("drained/web", "Deployment", { replicas: 3 }),
    other: workloadAt("drained/single", "Deployment", { replicas: 1 }),
    makes: {
      "PodDisruptionBudget drained/web-deployment": {
        spec: {
          maxUnavailable: 1,
          unhealthyPodEvictionPolicy: "AlwaysAllow",
          selector: { matchLabels: { app: "web" } },
        },
      },
    },
    change: { spec: { maxUnavailable: "100%" } },
  },
  "workload/pdb-per-statefulset.yaml": {
    stored: [namespaceNamed("voting")],
    trigger: workloadAt("voting/db", "StatefulSet", { replicas: 5 }),
    other: workloadAt("voting/cache", "StatefulSet", { replicas: 2 }),
    makes: {
      "PodDisruptionBudget voting/db-statefulset": {
        spec: { minAvailable: 3, selector: { matchLabels: { app: "db" } } },
      },
    },
    change: { spec: { minAvailable: 1 } },
  },
  "workload/service-monitor.yaml": {
    stored: [namespaceNamed("measured")],
    trigger: objectAt("measured/web", "v1", "Service", {
      metadata: { labels: { app: "web" } },
      spec: {
        selector: { app: "web" },
        ports: [
          { name: "http", port: 80 },
          { name: "metrics", port: 9090 },
        ],
      },
    }),
    other: objectAt("measured/dark", "v1", "Service", { spec: { selector: { app: "dark" }, ports: [{ port: 80 }] } }),
    makes: {
      "ServiceMonitor measured/web": {
        spec: { selector: { matchLabels: { app: "web" } }, endpoints: [{ port: "metrics", interval: "30s" }] },
      },
    },
    change: { spec: { endpoints: [] } },
  },
  "workload/vpa-per-deployment.yaml": {
    stored: [namespaceNamed("advised")],
    trigger: workloadAt("advised/web", "Deployment"),
    makes: {
      "VerticalPodAutoscaler advised/web": {
        spec: {
          targetRef: targetOf("web"),
          updatePolicy: { updateMode: "Off" },
          resourcePolicy: {
            containerPolicies: [
              {
                containerName: "*",
                controlledResources: ["cpu", "memory"],
                maxAllowed: { cpu: "4", memory: "8Gi" },
              },
            ],
          },
        },
      },
    },
    change: { spec: { updatePolicy: { updateMode: "Recreate" } } },
  },
};
