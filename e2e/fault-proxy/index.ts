export {
  errorLine,
  type FaultRule,
  type LineFault,
  type ProxiedRequest,
  type RequestFault,
  statusBody,
  type WatchLine,
} from "./fault.ts";
export { type FaultProxy, type FaultProxyOptions, startFaultProxy } from "./proxy.ts";
export { type RandomSource, stormRule } from "./storm.ts";
