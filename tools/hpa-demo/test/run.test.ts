import { describe, expect, test } from "vitest";
import { kubeErrors } from "#kubernetes";
import type { Cluster } from "../cluster.ts";
import { readConfig } from "../config.ts";
import { MAX_GAPS, run } from "../run.ts";
import type { Sample } from "../sample.ts";

const TARGET = 15_000;
const away = kubeErrors.create("UNAVAILABLE", "away");
const up = { lag: 20_000, desired: 2, ready: 2 };
const falling = { lag: 10_000, desired: 2, ready: 2 };
const back = { lag: 0, desired: 1, ready: 1 };

/** What the API server says at each look; the last one for ever. An error: it does not answer. */
type Course = readonly ({ lag: number; desired: number; ready: number } | Error)[];

class FakeCluster implements Pick<Cluster, "lag" | "appendRate" | "writers" | "setFleet" | "deleteFleet"> {
  readonly fleet: (number | "deleted")[] = [];
  /** Calls that change the fleet and fail, before one succeeds. */
  refusals = 0;
  readonly #course: Course;
  #look = -1;

  /** `before`: what there is until the load begins. */
  constructor(course: Course, before: Course = [back]) {
    this.#course = [...before, ...course];
  }

  lag(): Promise<number | undefined> {
    this.#look += 1;
    const now = this.#now();
    return Promise.resolve(now instanceof Error ? undefined : now.lag);
  }

  appendRate(): Promise<number | undefined> {
    return Promise.resolve(0);
  }

  writers(): Promise<{ desired: number; ready: number }> {
    const now = this.#now();
    return now instanceof Error ? Promise.reject(now) : Promise.resolve(now);
  }

  setFleet(_name: string, devices: number): Promise<void> {
    return this.#change(devices);
  }

  deleteFleet(): Promise<void> {
    return this.#change("deleted");
  }

  #change(to: number | "deleted"): Promise<void> {
    if (this.fleet.length > 0 && this.refusals-- > 0) return Promise.reject(away);
    this.fleet.push(to);
    return Promise.resolve();
  }

  #now(): Course[number] {
    return this.#course[Math.min(this.#look, this.#course.length - 1)] ?? away;
  }
}

async function demo(cluster: FakeCluster, samples: Sample[] = [], waits: unknown[] = []): Promise<boolean> {
  const config = { ...readConfig({}), SAMPLE_INTERVAL: 1 };
  const onSample = (sample: Sample): void => void samples.push(sample);
  const { signal } = new AbortController();
  const options = { devices: 2000, target: TARGET, onSample, onWait: () => waits.push(1), signal };
  return run(cluster as unknown as Cluster, config, options);
}

test("the load begins when one writer is left of the load before, and ends when the writers have grown for it", async () => {
  const low = { lag: 300, desired: 2, ready: 2 };
  const course = [back, low, { ...low, lag: 100 }, up, falling, back];
  const cluster = new FakeCluster(course, [low, { ...low, lag: 100 }, back]);
  const [samples, waits]: [Sample[], unknown[]] = [[], []];
  expect(await demo(cluster, samples, waits)).toBe(false);
  expect(samples.map(({ isLoaded, lag }) => [isLoaded, lag])).toEqual([
    [true, 0],
    [true, 300],
    [true, 100],
    [true, 20_000],
    [true, 10_000],
    [false, 0],
  ]);
  expect([cluster.fleet, waits]).toEqual([[2000, 0, "deleted"], [1]]);
});

describe("an API server that does not answer", () => {
  test("leaves a gap in the course, which goes on", async () => {
    const cluster = new FakeCluster([up, away, falling, away, back]);
    const samples: Sample[] = [];
    expect(await demo(cluster, samples)).toBe(false);
    expect(samples.map(({ desired, ready }) => [desired, ready])).toEqual([
      [2, 2],
      [undefined, undefined],
      [2, 2],
      [undefined, undefined],
      [1, 1],
    ]);
    expect(cluster.fleet).toEqual([2000, 0, "deleted"]);
  });

  test("is waited for as long as is said, and the gaps count anew after an answer", async () => {
    const gap = Array<Error>(MAX_GAPS).fill(away);
    expect(await demo(new FakeCluster([...gap, up, ...gap, falling, ...gap, back]))).toBe(false);
  });

  test("for longer ends the demo, with its error and without the fleet", async () => {
    const cluster = new FakeCluster([up, away]);
    const samples: Sample[] = [];
    await expect(demo(cluster, samples)).rejects.toBe(away);
    expect(samples).toHaveLength(1 + MAX_GAPS);
    expect(cluster.fleet).toEqual([2000, "deleted"]);
  });

  test("is asked again to turn the fleet down", async () => {
    const cluster = new FakeCluster([up, falling, back]);
    cluster.refusals = 1;
    expect(await demo(cluster)).toBe(false);
    expect(cluster.fleet).toEqual([2000, 0, "deleted"]);
  });

  test("an error of ours is not taken for a gap", async () => {
    await expect(demo(new FakeCluster([new TypeError("ours")]))).rejects.toThrow("ours");
  });
});
