/**
 * Which part of a failing sequence is to blame: parts are left out as long as what is left still fails. Delta debugging, but
 * all candidates of a round are tried at once, because a batch of many lanes takes hardly longer than one of a single lane.
 */

import type { Operation, Sequence } from "./operation.ts";

export type ShrinkOptions = {
  /** Which of them fail. A sequence may fail only sometimes: what is not seen to fail is not smaller. */
  findFailing: (candidates: readonly Sequence[]) => Promise<readonly Sequence[]>;
  /** False when it is to end with what was found so far. */
  hasTime: () => boolean;
};

/** `sequence` fails; so does what is returned, which is the same or smaller. */
export async function shrink(sequence: Sequence, options: ShrinkOptions): Promise<Sequence> {
  const withFewFaults = await shrinkFaults(sequence, options);
  const short = await shrinkOperations(withFewFaults, options);
  return await simplify(short, options);
}

async function shrinkFaults(sequence: Sequence, options: ShrinkOptions): Promise<Sequence> {
  const { operations, faults } = sequence;
  if (faults.length === 0) return sequence;
  const fewer = faults.length === 1 ? [] : faults.map((_, i) => ({ operations, faults: faults.toSpliced(i, 1) }));
  const smaller = await firstFailing([{ operations, faults: [] }, ...fewer], options);
  return smaller === undefined ? sequence : shrinkFaults(smaller, options);
}

/** In halves, quarters and so on, down to single operations. */
async function shrinkOperations(sequence: Sequence, options: ShrinkOptions): Promise<Sequence> {
  let current = sequence;
  let size = Math.ceil(current.operations.length / 2);
  while (size >= 1) {
    const smaller = await firstFailing(withoutParts(current, size), options);
    if (smaller === undefined) size = size === 1 ? 0 : Math.ceil(size / 2);
    else current = smaller;
    size = Math.min(size, current.operations.length);
  }
  return current;
}

function withoutParts({ operations, faults }: Sequence, size: number): Sequence[] {
  const count = Math.ceil(operations.length / size);
  return Array.from({ length: count }, (_, i) => ({ operations: operations.toSpliced(i * size, size), faults }));
}

/** Rules that do not matter go. */
async function simplify(sequence: Sequence, options: ShrinkOptions): Promise<Sequence> {
  const { operations, faults } = sequence;
  const candidates = operations.flatMap((operation, i) =>
    withFewerRules(operation).map((simpler) => ({ operations: operations.with(i, simpler), faults })),
  );
  const smaller = await firstFailing(candidates, options);
  return smaller === undefined ? sequence : simplify(smaller, options);
}

function withFewerRules(operation: Operation): Operation[] {
  if (operation.do !== "put policy" && operation.do !== "replace policy") return [];
  const { rules } = operation;
  return rules.length === 1 ? [] : rules.map((_, i) => ({ ...operation, rules: rules.toSpliced(i, 1) }));
}

async function firstFailing(
  candidates: readonly Sequence[],
  { findFailing, hasTime }: ShrinkOptions,
): Promise<Sequence | undefined> {
  return candidates.length === 0 || !hasTime() ? undefined : (await findFailing(candidates))[0];
}
