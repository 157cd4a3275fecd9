import type { Sample } from "./sample.ts";

export interface Verdict {
  /** From the lag over the target of the writers there were to the first wish for more; `undefined`: none came. */
  readonly decisionSeconds: number | undefined;
  readonly mostWriters: number;
  readonly highestLag: number;
  /** From the end of the load to a lag below one writer's target. */
  readonly drainSeconds: number | undefined;
  /** From the end of the load to one writer. */
  readonly backToOneSeconds: number | undefined;
  /** Times that the wished number of writers turned from rising to falling or back. */
  readonly directionChanges: number;
}

/** The longest healthy decision: the adapter's and the autoscaler's looks, and half a minute of looking whether the lag stays. */
export const MAX_DECISION_SECONDS = 60;

/** Most turns of a healthy run: up, and down once the lag is gone. */
export const MAX_DIRECTION_CHANGES = 2;

/** What the samples show. Pure. */
export function judge(samples: readonly Sample[], targetPerWriter: number): Verdict {
  const over = samples.find(({ lag = 0, ready }) => ready !== undefined && lag > targetPerWriter * Math.max(1, ready));
  const grown = samples.find(({ second, desired = 1 }) => desired > 1 && second >= (over?.second ?? Infinity));
  const unloaded = samples.find(({ isLoaded }) => !isLoaded);
  const after = (holds: (sample: Sample) => boolean): number | undefined => {
    if (unloaded === undefined) return undefined;
    const found = samples.find((sample) => sample.second >= unloaded.second && holds(sample));
    return found === undefined ? undefined : found.second - unloaded.second;
  };
  return {
    decisionSeconds: over === undefined || grown === undefined ? undefined : grown.second - over.second,
    mostWriters: Math.max(0, ...samples.map(({ ready = 0 }) => ready)),
    highestLag: Math.max(0, ...samples.map(({ lag = 0 }) => lag)),
    drainSeconds: after(({ lag = Infinity }) => lag < targetPerWriter),
    backToOneSeconds: after(({ desired, ready }) => desired === 1 && ready === 1),
    directionChanges: directionChanges(samples.flatMap(({ desired }) => desired ?? [])),
  };
}

/** What is wrong with it; nothing if the writers grew in time, the lag went, and one writer is left without flapping. */
export function problems(verdict: Verdict): string[] {
  return [
    ...(verdict.decisionSeconds === undefined ? ["the autoscaler never asked for more writers"] : []),
    ...((verdict.decisionSeconds ?? 0) > MAX_DECISION_SECONDS
      ? [
          `the autoscaler asked for more writers after ${verdict.decisionSeconds} s, later than ${MAX_DECISION_SECONDS} s`,
        ]
      : []),
    ...(verdict.mostWriters < 2 ? ["there was never a second writer"] : []),
    ...(verdict.drainSeconds === undefined ? ["the lag did not go away"] : []),
    ...(verdict.backToOneSeconds === undefined ? ["more than one writer is left"] : []),
    ...(verdict.directionChanges > MAX_DIRECTION_CHANGES
      ? [`the number of writers turned ${verdict.directionChanges} times`]
      : []),
  ];
}

/** How often a series turns from rising to falling or back; standing still does not count. */
export function directionChanges(series: readonly number[]): number {
  const steps = series.slice(1).map((value, index) => Math.sign(value - (series[index] ?? value)));
  const moves = steps.filter((step) => step !== 0);
  return moves.filter((step, index) => index > 0 && step !== moves[index - 1]).length;
}
