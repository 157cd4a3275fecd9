import fc from "fast-check";
import { type Fault, type Fleet, readFleet } from "#fleets";
import { deviceOf, type VirtualDevice } from "../device.ts";

/** A moment with nothing special about it. */
export const NOW_MS = 1_760_000_000_000;
export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

export const fleet = (spec: Record<string, unknown> = {}): Fleet => readFleet({ name: "city", ...spec });
export const faultRules = (...faults: readonly Record<string, unknown>[]): readonly Fault[] => fleet({ faults }).faults;

/** A device of a fleet in one place only. */
export const deviceAt = (location: string, index = 0, seed = 7): VirtualDevice =>
  deviceOf(fleet({ seed, profiles: [{ location, weight: 1 }] }), index);

export const seeds = fc.integer({ min: 0, max: 2 ** 32 - 1 });
export const indices = fc.integer({ min: 0, max: 999_999 });
export const devices = fc.tuple(seeds, indices).map(([seed, index]) => deviceOf(fleet({ seed }), index));
export const moments = fc.integer({ min: NOW_MS - 29 * DAY_MS, max: NOW_MS });

export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
export const deviation = (values: readonly number[]): number => {
  const middle = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - middle) ** 2)));
};
