export { kubeconfigOf, type Reach, reachCluster } from "./kubeconfig.ts";
export { loadLiveWorld } from "./live-world.ts";
