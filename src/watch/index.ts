export { REFLECTOR_DEFAULTS, type ReflectorOptions, reflect } from "./reflector.ts";
export type { WatchSignal } from "./signal.ts";
