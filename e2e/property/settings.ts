/** How many sequences are run, and which: from the environment. */

import { generateFaults, generateOperations } from "./generate.ts";
import type { Sequence } from "./operation.ts";

export type Settings = {
  /** Gives all sequences. Another one each time, unless it is said. */
  seed: string;
  batches: readonly Batch[];
  /** Run only this one, several times side by side. */
  replay: Sequence | undefined;
};

/** So many sequences side by side. */
export type Batch = { index: number; size: number };

export function readSettings(env: NodeJS.ProcessEnv, now: Date): Settings {
  const sequences = positive(env.PERENNIAL_PROPERTY_SEQUENCES, 200);
  const size = positive(env.PERENNIAL_PROPERTY_BATCH, 40);
  const batches = Array.from({ length: Math.ceil(sequences / size) }, (_, index) => ({
    index,
    size: Math.min(size, sequences - index * size),
  }));
  const seed = env.PERENNIAL_PROPERTY_SEED ?? now.getTime().toString(36);
  const replay = env.PERENNIAL_PROPERTY_REPLAY;
  if (replay === undefined) return { seed, batches, replay };
  const [, ofSeed, index] = /^([^/{]+)\/(\d+)$/.exec(replay) ?? [];
  if (ofSeed !== undefined) return { seed: ofSeed, batches: [{ index: Number(index), size }], replay: undefined };
  return { seed, batches: [], replay: readSequence(replay) };
}

/** `<seed>/<batch>/<index>`. */
export function sequenceName(seed: string, batch: number, index: number): string {
  return `${seed}/${batch}/${index}`;
}

export function faultsOf(seed: string, batch: number): Sequence["faults"] {
  return generateFaults(`${seed}/${batch}`);
}

/** A sequence by its name, or written out as JSON. A batch has the name `<seed>/<batch>`. */
function readSequence(text: string): Sequence {
  if (text.startsWith("{")) return JSON.parse(text);
  const [, seed = "", batch = ""] = /^(.+)\/(\d+)\/\d+$/.exec(text) ?? [];
  if (batch === "") throw new Error(`PERENNIAL_PROPERTY_REPLAY is neither JSON nor <seed>/<batch>/<index>: ${text}`);
  return { operations: generateOperations(text), faults: faultsOf(seed, Number(batch)) };
}

function positive(text: string | undefined, usual: number): number {
  const value = Number(text ?? usual);
  if (!Number.isInteger(value) || value < 1) throw new Error(`${text} is no number of sequences`);
  return value;
}
