import { expect, test } from "vitest";
import { ManualClock } from "#runtime";
import { WorkQueue } from "../kube/work-queue.ts";

interface Bench {
  readonly clock: ManualClock;
  readonly queue: WorkQueue;
  readonly worked: string[];
  /** Keys that were worked on twice at the same time. */
  readonly overlaps: string[];
  readonly most: () => number;
  readonly finish: (key: string, result?: number | Error) => Promise<void>;
}

/** A queue whose work ends when told to. */
function bench(workers: number): Bench {
  const clock = new ManualClock();
  const open = new Map<string, PromiseWithResolvers<number | undefined>>();
  const worked: string[] = [];
  const overlaps: string[] = [];
  let most = 0;
  const queue = new WorkQueue({
    clock,
    workers,
    random: () => 1,
    backoff: { initialDelayMs: 100, maxDelayMs: 1000 },
    work: (key) => {
      if (open.has(key)) overlaps.push(key);
      worked.push(key);
      const work = Promise.withResolvers<number | undefined>();
      open.set(key, work);
      most = Math.max(most, open.size);
      return work.promise;
    },
    onResult: (key) => void open.delete(key),
  });
  const finish = async (key: string, result?: number | Error): Promise<void> => {
    if (result instanceof Error) open.get(key)?.reject(result);
    else open.get(key)?.resolve(result);
    await clock.advance(0);
  };
  return { clock, queue, worked, overlaps, most: () => most, finish };
}

test("a key is worked on once however often it is added, and once more if it is added meanwhile", async () => {
  const { queue, worked, overlaps, finish } = bench(3);
  for (const key of ["a", "a", "b", "a"]) queue.add(key);
  expect([queue.depth, worked]).toEqual([2, []]);
  queue.start();
  expect(worked).toEqual(["a", "b"]);
  queue.add("a");
  queue.add("a");
  expect([queue.depth, queue.active, worked, overlaps]).toEqual([1, 2, ["a", "b"], []]);
  await finish("a");
  expect(worked).toEqual(["a", "b", "a"]);
  await finish("a");
  await finish("b");
  expect([queue.depth, queue.active]).toEqual([0, 0]);
});

test("no more at a time than there are workers, and a key that waits for itself holds up nobody", async () => {
  const { queue, worked, most, finish } = bench(2);
  queue.start();
  for (const key of ["a", "b", "c", "d"]) queue.add(key);
  queue.add("a");
  expect(worked).toEqual(["a", "b"]);
  await finish("b");
  expect(worked).toEqual(["a", "b", "c"]);
  expect(most()).toBe(2);
});

test("failures come again later and later; a success forgets them; others go on meanwhile", async () => {
  const { clock, queue, worked, finish } = bench(1);
  queue.start();
  queue.add("a");
  for (const delayMs of [100, 200, 400, 800, 1000, 1000]) {
    const before = worked.length;
    await finish("a", new Error("no"));
    queue.add("b");
    await finish("b");
    await clock.advance(delayMs - 1);
    expect(worked.slice(before)).toEqual(["b"]);
    await clock.advance(1);
    expect(worked.slice(before)).toEqual(["b", "a"]);
  }
  await finish("a");
  queue.add("a");
  await finish("a", new Error("no"));
  const before = worked.length;
  await clock.advance(100);
  expect(worked.slice(before)).toEqual(["a"]);
});

test("work says when it is due again; the earliest counts, and a change does not wait", async () => {
  const { clock, queue, worked, finish } = bench(1);
  queue.start();
  queue.add("a");
  await finish("a", 500);
  queue.addAfter("a", 900);
  queue.addAfter("a", 200);
  await clock.advance(200);
  expect(worked).toHaveLength(2);
  await finish("a", 500);
  queue.add("a");
  await finish("a");
  await clock.advance(10_000);
  expect(worked).toHaveLength(3);
  expect(clock.pendingTimers).toBe(0);
});

test("stop waits for what has begun and begins nothing more", async () => {
  const { clock, queue, worked, finish } = bench(1);
  queue.start();
  queue.add("a");
  queue.add("b");
  queue.addAfter("c", 10);
  let hasStopped = false;
  const stopped = queue.stop().then(() => (hasStopped = true));
  await clock.advance(100);
  expect(hasStopped).toBe(false);
  await finish("a", new Error("no"));
  await stopped;
  await clock.advance(10_000);
  expect(worked).toEqual(["a"]);
  expect(clock.pendingTimers).toBe(0);
});
