/** What a policy says of all of its rules together: how the API server asks for them, and what does not go with them. */

import type { AnyPolicy, Issue } from "../policy/index.ts";
import type { AdmissionSettings, CompiledRule } from "./rule.ts";

/** As the API server does when nobody says otherwise. */
const TIMEOUT = 10;

export function admissionOf({ spec }: AnyPolicy): AdmissionSettings {
  const { failurePolicy, timeoutSeconds, matchConditions = [] } = spec.webhookConfiguration ?? {};
  return {
    failurePolicy: failurePolicy ?? spec.failurePolicy ?? "Fail",
    timeoutSeconds: timeoutSeconds ?? spec.webhookTimeoutSeconds ?? TIMEOUT,
    matchConditions,
    warns: spec.emitWarning === true,
  };
}

/** `rules`: those that are about what is stored, or about changes; not those that act while objects are written. */
export function settingIssues({ spec }: AnyPolicy, rules: readonly CompiledRule[]): Issue[] {
  return [
    ...(spec.applyRules === "One" && rules.length > 0 ? [ONE_GENERATED] : []),
    ...(spec.background === false && !rules.every(isAboutRequests) ? [STORED] : []),
  ];
}

const ONE_GENERATED: Issue = {
  code: "UnsupportedField",
  path: "spec.applyRules",
  value: "One",
  message:
    "One is about rules that mutate, one after the other; generate rules all apply: put them into a policy of their own",
};

/** Who creates an object only the request that does so tells, so that no other object is meant; nor is one by a change. */
function isAboutRequests({ asksCreator, changes }: CompiledRule): boolean {
  return asksCreator !== undefined || changes !== undefined;
}

const STORED: Issue = {
  code: "UnsupportedField",
  path: "spec.background",
  value: "false",
  message:
    "false is for policies of which every rule changes objects while they are written, acts on changes, or asks who created them; other rules act on what is stored: remove it, or put them into a policy of their own",
};
