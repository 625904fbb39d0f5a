/** Lets a few go at once and the others wait their turn: so many in a lane, so that no lane holds up another. */

export class Turns {
  readonly #inLane: number;
  readonly #lanes = new Map<string, { running: number; waiting: (() => void)[] }>();

  constructor(inLane: number) {
    this.#inLane = inLane;
  }

  async run<T>(name: string, work: () => Promise<T>): Promise<T> {
    const lane = this.#lanes.get(name) ?? { running: 0, waiting: [] };
    this.#lanes.set(name, lane);
    if (lane.running >= this.#inLane) await new Promise<void>((resolve) => lane.waiting.push(resolve));
    else lane.running++;
    try {
      return await work();
    } finally {
      const next = lane.waiting.shift();
      if (next === undefined) lane.running--;
      else next();
      if (lane.running === 0) this.#lanes.delete(name);
    }
  }
}
