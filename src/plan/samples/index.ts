import { ACCESS } from "./access.fixture.ts";
import type { SampleExample } from "./example.fixture.ts";
import { GITOPS } from "./gitops.fixture.ts";
import { MUTATE } from "./mutate.fixture.ts";
import { NETWORK } from "./network.fixture.ts";
import { QUOTA } from "./quota.fixture.ts";
import { SECRETS } from "./secrets.fixture.ts";
import { TENANCY } from "./tenancy.fixture.ts";
import { WORKLOAD } from "./workload.fixture.ts";

export type { SampleExample, Wanted } from "./example.fixture.ts";
export { CUSTOM_KINDS, SAMPLE_KINDS } from "./kinds.fixture.ts";

/** By the file below samples/. */
export const EXAMPLES: { readonly [file: string]: SampleExample } = {
  ...ACCESS,
  ...GITOPS,
  ...MUTATE,
  ...NETWORK,
  ...QUOTA,
  ...SECRETS,
  ...TENANCY,
  ...WORKLOAD,
};
