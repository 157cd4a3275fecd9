import { setTimeout as sleep } from "node:timers/promises";
import type { Cluster } from "./cluster.ts";
import type { DemoConfig } from "./config.ts";
import type { Sample } from "./sample.ts";

export interface Run {
  readonly samples: readonly Sample[];
  /** Whether the time ran out before one writer was left. */
  readonly isOver: boolean;
}

/** The wish for writers must have been met, and the lag have fallen so far from its top, before the load ends. */
const FALLEN = 0.9;

/**
 * Turns the fleet up, looks until the writers have grown and the lag falls, turns it down, and looks until one writer is
 * left. The fleet is deleted in every case. An abort ends it after the present look.
 */
export async function run(
  cluster: Cluster,
  config: DemoConfig,
  { target, onSample, signal }: { target: number; onSample: (sample: Sample) => void; signal: AbortSignal },
): Promise<Run> {
  const samples: Sample[] = [];
  const look = looker(cluster);
  try {
    await cluster.setFleet(config.FLEET, config.DEVICES);
    let isLoaded = true;
    while (!signal.aborted) {
      const sample = await look(isLoaded);
      samples.push(sample);
      onSample(sample);
      if (isLoaded && (hasTurned(samples) || sample.second * 1000 > config.BURST)) {
        isLoaded = false;
        await cluster.setFleet(config.FLEET, 0);
      } else if (!isLoaded && isBack(sample, target)) return { samples, isOver: false };
      if (sample.second * 1000 > config.PATIENCE) break;
      await sleep(config.SAMPLE_INTERVAL, undefined, { signal }).catch(() => undefined);
    }
    return { samples, isOver: true };
  } finally {
    await cluster.deleteFleet(config.FLEET);
  }
}

/** More than one writer works, as many as wished for, and the lag is past its top. */
function hasTurned(samples: readonly Sample[]): boolean {
  const last = samples.at(-1);
  if (last === undefined || last.ready < 2 || last.ready < last.desired) return false;
  const top = Math.max(...samples.map(({ lag = 0 }) => lag));
  return (last.lag ?? Infinity) < top * FALLEN;
}

function isBack({ lag = Infinity, desired, ready }: Sample, target: number): boolean {
  return desired === 1 && ready === 1 && lag < target;
}

function looker(cluster: Cluster): (isLoaded: boolean) => Promise<Sample> {
  const startMs = performance.now();
  return async (isLoaded) => {
    const [lag, inputPerSecond, writers] = await Promise.all([cluster.lag(), cluster.appendRate(), cluster.writers()]);
    const second = Math.round((performance.now() - startMs) / 100) / 10;
    return { second, inputPerSecond, lag, ...writers, isLoaded };
  };
}
