import { duration } from "#runtime";
import type { SensorFleetSpec, SensorFleetStatus } from "../api/sensor-fleet.ts";

/** Where a fleet is in its run. */
export interface RunState {
  readonly phase: "Suspended" | "Running" | "Completed";
  readonly runId: string;
  /** When the present run began; none while it is suspended. */
  readonly startTime: string | undefined;
  readonly completionTime: string | undefined;
  /** When something changes by itself, in ms since the epoch. */
  readonly nextChangeMs: number | undefined;
  /** Its time to live is over. */
  readonly isExpired: boolean;
}

type Before = Pick<SensorFleetStatus, "runId" | "startTime" | "completionTime">;

/**
 * Where a fleet is, from what it asks for, what was written down and the time: a pure function, so that an operator that
 * was away finds its way back by itself. A run begins when the fleet is first seen, when it is resumed, and when its
 * `runId` changes; it is complete after `maxDuration`, and the fleet is deleted `ttlAfterFinished` later.
 */
export function runStateOf(
  spec: Pick<SensorFleetSpec, "suspend" | "run">,
  before: Partial<Before>,
  nowMs: number,
): RunState {
  const { runId, maxDuration, ttlAfterFinished } = spec.run;
  const isSame = before.runId === runId;
  const none = { runId, startTime: undefined, completionTime: undefined, nextChangeMs: undefined, isExpired: false };
  if (isSame && before.completionTime !== undefined) return completed(before, runId, ttlAfterFinished, nowMs);
  if (spec.suspend) return { phase: "Suspended", ...none };
  const startTime = isSame && before.startTime !== undefined ? before.startTime : timeText(nowMs);
  if (maxDuration === undefined) return { phase: "Running", ...none, startTime };
  const endMs = Date.parse(startTime) + millisecondsOf(maxDuration);
  if (nowMs < endMs) return { phase: "Running", ...none, startTime, nextChangeMs: endMs };
  return completed({ startTime, completionTime: timeText(endMs) }, runId, ttlAfterFinished, nowMs);
}

function completed(
  { startTime, completionTime = "" }: Partial<Before>,
  runId: string,
  ttlAfterFinished: string | undefined,
  nowMs: number,
): RunState {
  const endMs =
    ttlAfterFinished === undefined ? Infinity : Date.parse(completionTime) + millisecondsOf(ttlAfterFinished);
  const nextChangeMs = Number.isFinite(endMs) ? endMs : undefined;
  return { phase: "Completed", runId, startTime, completionTime, nextChangeMs, isExpired: nowMs >= endMs };
}

const anyDuration = duration({ max: Infinity });

/** Of a text that the schema has let through. */
export function millisecondsOf(text: string): number {
  return anyDuration.parse(text);
}

/** Whole seconds, as the API writes times. */
export function timeText(ms: number): string {
  return `${new Date(Math.floor(ms / 1000) * 1000).toISOString().slice(0, 19)}Z`;
}
