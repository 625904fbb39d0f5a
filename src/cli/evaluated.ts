/** What came of a rule for a resource, in the words of a test. */

import type { Result } from "./test-file.ts";

export type Evaluated = { result: Result; because: string };
