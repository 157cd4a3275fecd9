import type { Fleet } from "#fleets";
import { deviceStream, purposes, uniforms, type Stream } from "./random.ts";

const MINUTE_MS = 60_000;

type Timing = Pick<Fleet, "intervalMs" | "jitterMs">;

/**
 * When a device makes reading number `slot`, counted from the epoch: on its own place in the interval, and up to half
 * of the jitter before or after it. Not counted from the start of the process, so that a device that is started again,
 * or moves to another process, keeps its times. Jitter never adds up, and being less than the interval keeps the order.
 */
export function dueTimeMs(stream: Stream, { intervalMs, jitterMs }: Timing, slot: number): number {
  const early = jitterMs >>> 1;
  const [jitter] = uniforms(stream, purposes.jitter, slot);
  return slot * intervalMs + phaseMs(stream, intervalMs) + Math.floor(jitter * jitterMs) - early;
}

/** The first time after `afterMs` (whole, from 0) at which a device makes a reading. */
export function nextDueMs(stream: Stream, timing: Timing, afterMs: number): number {
  const reachMs = phaseMs(stream, timing.intervalMs) + timing.jitterMs;
  let slot = Math.max(0, Math.floor((afterMs - reachMs) / timing.intervalMs));
  for (; ; slot += 1) {
    const dueMs = dueTimeMs(stream, timing, slot);
    if (dueMs > afterMs) return dueMs;
  }
}

/** A reading of the past. */
export interface PastReading {
  readonly index: number;
  readonly timeMs: number;
}

/**
 * The history that comes before the live readings: one reading a minute of each device `from` ≤ index < `to`, from
 * `startMs - historyMs` up to `startMs`. All devices make their minute before any goes on to the next, as neighbours do
 * that were offline together; a device's own times rise.
 */
export function* history(
  { seed, historyMs }: Pick<Fleet, "seed" | "historyMs">,
  devices: { readonly from: number; readonly to: number },
  startMs: number,
): Generator<PastReading, void> {
  const sinceMs = startMs - historyMs;
  for (let minute = Math.floor(sinceMs / MINUTE_MS); minute * MINUTE_MS < startMs; minute += 1) {
    for (let index = devices.from; index < devices.to; index += 1) {
      const timeMs = minute * MINUTE_MS + phaseMs(deviceStream(seed, index), MINUTE_MS);
      if (timeMs >= sinceMs && timeMs < startMs) yield { index, timeMs };
    }
  }
}

/** A device's own place in a period, so that the fleet does not speak all at once. */
function phaseMs(stream: Stream, periodMs: number): number {
  return Math.floor(uniforms(stream, purposes.phase, 0)[0] * periodMs);
}
