import type { Curve } from "#fleets";
import type { VirtualDevice } from "./device.ts";
import { gaussians, purposes, type Stream } from "./random.ts";

/** What a device measures at a moment. */
export interface Measurement {
  readonly temperature_c: number;
  readonly humidity_pct: number;
  readonly battery_pct: number;
  readonly status: "ok" | "degraded";
}

/** What the schema of readings allows; sensors stop there. */
export const limits = { temperature_c: [-90, 200], humidity_pct: [0, 100] } as const;

const HOUR_MS = 3_600_000;
const DRIFT_MS = 6 * HOUR_MS;
const BATTERY_LOW_PCT = 10;
const BATTERY_CHANGED_PCT = 3;

/** The reading of a device at a moment: a pure function, whatever was read before. `timeMs` is whole, from 0. */
export function measure(device: VirtualDevice, timeMs: number): Measurement {
  const { profile, stream } = device;
  const day = dayCurve(localHour(timeMs, profile.lon), profile.peakHour);
  const [warm, damp] = gaussians(stream, purposes.noise, timeMs);
  const warmDrift = drift(stream, purposes.temperatureDrift, timeMs);
  const dampDrift = drift(stream, purposes.humidityDrift, timeMs);
  const battery_pct = round(battery(device, timeMs));
  return {
    temperature_c: limited("temperature_c", value(profile.temperatureC, day, warm, warmDrift) + device.calibrationC),
    humidity_pct: limited("humidity_pct", value(profile.humidityPct, day, damp, dampDrift)),
    battery_pct,
    status: battery_pct < BATTERY_LOW_PCT ? "degraded" : "ok",
  };
}

/** Cut to what the schema allows, and rounded to hundredths. */
export function limited(field: keyof typeof limits, raw: number): number {
  const [min, max] = limits[field];
  return round(Math.min(max, Math.max(min, raw)));
}

/** Hours from 0 to 24 by the sun (local mean time): 15 degrees of longitude are an hour. */
export function localHour(timeMs: number, lon: number): number {
  return (((timeMs / HOUR_MS + lon / 15) % 24) + 24) % 24;
}

/** From 1 at the peak to -1 twelve hours from it. */
export function dayCurve(hour: number, peakHour: number): number {
  return Math.cos((2 * Math.PI * (hour - peakHour)) / 24);
}

function value(curve: Curve, day: number, noise: number, slow: number): number {
  return curve.mean + curve.swing * day + curve.noise * noise + curve.drift * slow;
}

/**
 * A number with mean 0 and deviation at most 1 that wanders slowly between random heights, one every six hours. Value
 * noise with the fade curve of K. Perlin, "Improving noise", 2002, https://doi.org/10.1145/566654.566636: no state, no
 * jumps, no kinks.
 */
export function drift(stream: Stream, purpose: number, timeMs: number): number {
  const knot = Math.floor(timeMs / DRIFT_MS);
  const [from] = gaussians(stream, purpose, knot);
  const [to] = gaussians(stream, purpose, knot + 1);
  return from + (to - from) * fade(timeMs / DRIFT_MS - knot);
}

function fade(x: number): number {
  return x * x * x * (x * (x * 6 - 15) + 10);
}

/** Falls evenly from 100 % until somebody changes the battery. */
function battery({ batteryLifeMs, batteryAge }: VirtualDevice, timeMs: number): number {
  const used = (timeMs / batteryLifeMs + batteryAge) % 1;
  return 100 - used * (100 - BATTERY_CHANGED_PCT);
}

function round(raw: number): number {
  return Math.round(raw * 100) / 100;
}
