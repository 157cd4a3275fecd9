import { setTimeout as sleep } from "node:timers/promises";
import { kubeErrors } from "#kubernetes";
import { retry, retryPolicy, systemClock } from "#runtime";
import type { Cluster, Writers } from "./cluster.ts";
import type { DemoConfig } from "./config.ts";
import type { Sample } from "./sample.ts";

/** The wish for writers must have been met, and the lag have fallen so far from its top, before the load ends. */
const FALLEN = 0.9;

/** So many looks in a row may find no writers: a minute at the default interval. More is no hiccup of the API server. */
export const MAX_GAPS = 30;

export interface RunOptions {
  /** Of the fleet that is the load. */
  readonly devices: number;
  /** Records of lag for each writer that the autoscaler wants. */
  readonly target: number;
  readonly onSample: (sample: Sample) => void;
  /** More than one writer, or a lag, is left from before: the load does not begin yet. */
  readonly onWait: () => void;
  readonly signal: AbortSignal;
}

/** For turning the fleet down and deleting it: a load that nobody ends is worse than a late end. */
const INSISTING = retryPolicy({ initialDelayMs: 500, maxDelayMs: 5000, maxElapsedMs: 60_000 });

/**
 * Waits until one writer is left of what was before, turns the fleet up, looks until the writers have grown and the lag
 * falls, turns it down, and looks until one writer is left. The fleet is deleted in every case. An abort ends it after the present look. A look that the API server does not
 * answer is a gap in the course.
 *
 * @returns whether the time ran out before one writer was left.
 * @throws the API server's error after more than `MAX_GAPS` gaps in a row, or if the fleet cannot be turned up or down.
 */
export async function run(
  cluster: Cluster,
  config: DemoConfig,
  { devices, target, onSample, onWait, signal }: RunOptions,
): Promise<boolean> {
  const pause = (): Promise<unknown> => sleep(config.SAMPLE_INTERVAL, undefined, { signal }).catch(() => undefined);
  if (!(await untilOneWriter(cluster, config, { target, onWait, signal, pause }))) return true;
  const samples: Sample[] = [];
  const look = looker(cluster);
  try {
    await cluster.setFleet(config.FLEET, devices);
    let isLoaded = true;
    while (!signal.aborted) {
      const sample = await look(isLoaded);
      samples.push(sample);
      onSample(sample);
      if (isLoaded && (hasTurned(samples, target) || sample.second * 1000 > config.BURST)) {
        isLoaded = false;
        await insist(() => cluster.setFleet(config.FLEET, 0));
      } else if (!isLoaded && isBack(sample, target)) return false;
      if (sample.second * 1000 > config.PATIENCE) break;
      await pause();
    }
    return true;
  } finally {
    await insist(() => cluster.deleteFleet(config.FLEET));
  }
}

function insist(call: () => Promise<void>): Promise<void> {
  return retry(INSISTING, call, { clock: systemClock });
}

/** False if the time ran out. Writers that are still there from an earlier load would look like those of this one. */
async function untilOneWriter(
  cluster: Cluster,
  { PATIENCE }: DemoConfig,
  {
    target,
    onWait,
    signal,
    pause,
  }: Pick<RunOptions, "target" | "onWait" | "signal"> & { readonly pause: () => Promise<unknown> },
): Promise<boolean> {
  const look = looker(cluster);
  for (let isFirst = true; !signal.aborted; isFirst = false) {
    const sample = await look(false);
    if (isBack(sample, target)) return true;
    if (sample.second * 1000 > PATIENCE) break;
    if (isFirst) onWait();
    await pause();
  }
  return false;
}

/** More than one writer works, as many as wished for, and the lag is past its top. */
function hasTurned(samples: readonly Sample[], target: number): boolean {
  const last = samples.at(-1);
  if (last === undefined || !hasGrown(last)) return false;
  const top = Math.max(...samples.map(({ lag = 0 }) => lag));
  return top > target && (last.lag ?? Infinity) < top * FALLEN;
}

function hasGrown({ ready = 0, desired = Infinity }: Sample): boolean {
  return ready >= 2 && ready >= desired;
}

function isBack({ lag = Infinity, desired, ready }: Sample, target: number): boolean {
  return desired === 1 && ready === 1 && lag < target;
}

function looker(cluster: Cluster): (isLoaded: boolean) => Promise<Sample> {
  const startMs = performance.now();
  const writersOrGap = bridged(() => cluster.writers());
  return async (isLoaded) => {
    const [lag, inputPerSecond, writers] = await Promise.all([cluster.lag(), cluster.appendRate(), writersOrGap()]);
    const second = Math.round((performance.now() - startMs) / 100) / 10;
    return { second, inputPerSecond, lag, desired: writers?.desired, ready: writers?.ready, isLoaded };
  };
}

/** `undefined` where the API server fails, until it has failed too often in a row. */
function bridged(look: () => Promise<Writers>): () => Promise<Writers | undefined> {
  let gaps = 0;
  return async () => {
    try {
      const seen = await look();
      gaps = 0;
      return seen;
    } catch (error) {
      gaps += 1;
      if (!kubeErrors.is(error) || gaps > MAX_GAPS) throw error;
      return undefined;
    }
  };
}
