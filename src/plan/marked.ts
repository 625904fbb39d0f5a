/** A desired object with its marks. */

import { FIRST_APPLIED, type KubernetesObject, type marksFor, printRef, SOURCE } from "../object/index.ts";
import type { DesiredTarget } from "../rule/index.ts";

/** The marks win over what the rule's data says in their place. */
export function withMarks(
  { object, source }: DesiredTarget,
  marks: ReturnType<typeof marksFor>,
  time: string | undefined,
): KubernetesObject {
  const annotations = {
    ...(source === undefined ? {} : { [SOURCE]: printRef(source) }),
    ...(time === undefined ? {} : { [FIRST_APPLIED]: time }),
  };
  const { metadata } = object;
  return {
    ...object,
    metadata: {
      ...metadata,
      labels: { ...metadata.labels, ...marks.labels },
      annotations: { ...metadata.annotations, ...marks.annotations, ...annotations },
    },
  };
}
