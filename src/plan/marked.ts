/** A desired object with its marks. */

import {
  type ClaimIdentity,
  FIRST_APPLIED,
  type KubernetesObject,
  KYVERNO,
  keyOf,
  marksFor,
  printRef,
  SOURCE,
  withKyvernoLabels,
} from "../object/index.ts";
import type { DesiredTarget } from "../rule/index.ts";
import type { World } from "../state/index.ts";

type Maker = { identity: ClaimIdentity; trigger: KubernetesObject };

/** The marks win over what the rule's data says in their place. `time`: of the claim's first apply, where it asks for one. */
export function markedObject(
  world: World,
  { identity, trigger }: Maker,
  target: DesiredTarget,
  time: string | undefined,
): KubernetesObject {
  const marked = withMarks(target, marksFor(world.installation, identity, target.ref), time);
  if (identity.policy.group !== KYVERNO) return marked;
  // what Kyverno made, or would take over again, has its labels too
  const { resource, source } = target;
  const copied = source === undefined ? undefined : world.objectsWith(resource, source)?.get(keyOf(source));
  return withKyvernoLabels(marked, identity, { trigger, source: copied });
}

function withMarks(
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
