import { describe, expect, it } from "vitest";
import { createQueue } from "./queue.ts";

/** Runs the queue until `expected` keys were begun, and gives their order. */
async function drain(
  arrange: (queue: ReturnType<typeof createQueue<string>>) => void,
  expected: number,
  concurrency = 1,
): Promise<string[]> {
  const queue = createQueue<string>();
  const begun: string[] = [];
  arrange(queue);
  await new Promise<void>((resolve) => {
    void queue.run(async (key) => {
      begun.push(key);
      if (begun.length === expected) resolve();
    }, concurrency);
  });
  queue.stop();
  return begun;
}

describe("the queue", () => {
  it("makes one run of a thousand additions", async () => {
    const begun = await drain((queue) => {
      for (let i = 0; i < 1_000; i++) queue.add("a");
      queue.add("b");
    }, 2);
    expect(begun).toEqual(["a", "b"]);
  });

  it("takes fresh keys before others, also those that waited as others", async () => {
    const begun = await drain((queue) => {
      queue.add("old");
      queue.add("becomes-fresh");
      queue.add("new", "fresh");
      queue.add("becomes-fresh", "fresh");
    }, 3);
    expect(begun).toEqual(["new", "becomes-fresh", "old"]);
  });

  it("never works on a key twice at once, and runs it once more when it was added meanwhile", async () => {
    const queue = createQueue<string>();
    let running = 0;
    let runs = 0;
    queue.add("a");
    await new Promise<void>((resolve, reject) => {
      void queue.run(async () => {
        running += 1;
        runs += 1;
        if (running > 1) reject(new Error("twice at once"));
        if (runs === 1) for (let i = 0; i < 3; i++) queue.add("a");
        await Promise.resolve();
        running -= 1;
        if (runs === 2) resolve();
      }, 4);
    });
    queue.stop();
    expect(runs).toBe(2);
  });

  it("works on as many keys at once as it may", async () => {
    const queue = createQueue<number>();
    let running = 0;
    let most = 0;
    for (let i = 0; i < 20; i++) queue.add(i);
    let left = 20;
    await new Promise<void>((resolve) => {
      void queue.run(async () => {
        running += 1;
        most = Math.max(most, running);
        await new Promise((next) => setImmediate(next));
        running -= 1;
        left -= 1;
        if (left === 0) resolve();
      }, 5);
    });
    queue.stop();
    expect(most).toBe(5);
  });

  it("goes on after work that failed", async () => {
    const queue = createQueue<string>();
    const done: string[] = [];
    queue.add("bad");
    queue.add("good");
    const finished = new Promise<void>((resolve) => {
      void queue.run(async (key) => {
        if (key === "bad") return queue.retry(key);
        done.push(key);
        resolve();
      }, 1);
    });
    await finished;
    queue.stop();
    expect(done).toEqual(["good"]);
  });

  it("ends what was begun before it stops", async () => {
    const queue = createQueue<string>();
    let ended = false;
    queue.add("a");
    const stopped = queue.run(async () => {
      queue.stop();
      await new Promise((next) => setImmediate(next));
      ended = true;
    }, 1);
    await stopped;
    expect(ended).toBe(true);
  });
});
