import type { Stage } from "#fleets";

/** The stage that a run is in. */
export interface CurrentStage {
  /** From 1. */
  readonly number: number;
  readonly of: number;
  readonly startMs: number;
  /** None: the last stage is over, and its share stays. */
  readonly endMs: number | undefined;
}

/** The stage at a moment; none if the fleet has no stages or its run has not begun. */
export function stageAt(
  stages: readonly Stage[],
  startMs: number | undefined,
  nowMs: number,
): CurrentStage | undefined {
  if (stages.length === 0 || startMs === undefined) return undefined;
  let beginMs = startMs;
  for (const [index, { durationMs }] of stages.entries()) {
    const endMs = beginMs + durationMs;
    if (nowMs < endMs) return { number: index + 1, of: stages.length, startMs: beginMs, endMs };
    if (index < stages.length - 1) beginMs = endMs;
  }
  return { number: stages.length, of: stages.length, startMs: beginMs, endMs: undefined };
}
