import type { Fleet, Stage } from "./fleet-spec.ts";

/**
 * How many devices are on, `elapsedMs` after the start of the run: those with the lowest indices. A `Step` holds its
 * share for its duration; a `Linear` one goes there evenly from the share before it, at first 0. The last share stays.
 */
export function activeDevices({ devices, stages }: Pick<Fleet, "devices" | "stages">, elapsedMs: number): number {
  return Math.round((devices * activePercent(stages, elapsedMs)) / 100);
}

function activePercent(stages: readonly Stage[], elapsedMs: number): number {
  if (stages.length === 0) return 100;
  let before = 0;
  let leftMs = Math.max(0, elapsedMs);
  for (const { durationMs, devicesPercent, ramp } of stages) {
    if (leftMs < durationMs)
      return ramp === "Step" ? devicesPercent : before + ((devicesPercent - before) * leftMs) / durationMs;
    leftMs -= durationMs;
    before = devicesPercent;
  }
  return before;
}
