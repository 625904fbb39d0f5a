export { planCommand, planFiles } from "./plan.ts";
