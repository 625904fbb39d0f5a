export { compilePolicy, policyRef } from "./compile.ts";
export type { Surroundings } from "./filter.ts";
export type { Labels } from "./label-selector.ts";
export type { Compilation, CompiledPolicy, CompiledRule, Desired, DesiredTarget, ServedKinds } from "./rule.ts";
