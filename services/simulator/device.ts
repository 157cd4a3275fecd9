import type { Fleet, Profile, WeightedProfile } from "#fleets";
import { deviceStream, fleetStream, gaussians, purposes, uniforms, type Stream } from "./random.ts";

/** One virtual device, with all that stays the same about it. */
export interface VirtualDevice {
  /** From 0; the same index is the same device in a fleet of any size. */
  readonly index: number;
  readonly tenant: string;
  readonly sensorId: string;
  readonly profile: Profile;
  readonly lat: number;
  readonly lon: number;
  readonly stream: Stream;
  /** How much its thermometer is off. */
  readonly calibrationC: number;
  /** From one battery to the next. */
  readonly batteryLifeMs: number;
  /** How far its first battery was used up at the epoch, from 0 to 1. */
  readonly batteryAge: number;
}

const DAY_MS = 86_400_000;
const BATTERY_DAYS = { min: 90, max: 540 };
const CALIBRATION_C = 0.25;

/** A pure function of the fleet's seed, prefix and profiles; the number of devices does not matter. */
export function deviceOf(fleet: Fleet, index: number): VirtualDevice {
  const stream = deviceStream(fleet.seed, index);
  const profile = placeOf(fleet, index);
  const [north, east, life, batteryAge] = uniforms(stream, purposes.traits, 0);
  return {
    index,
    tenant: fleet.name,
    sensorId: `${fleet.deviceIdPrefix}-${String(index + 1).padStart(6, "0")}`,
    profile,
    ...position(profile, 2 * north - 1, 2 * east - 1),
    stream,
    calibrationC: CALIBRATION_C * gaussians(stream, purposes.traits, 1)[0],
    batteryLifeMs: DAY_MS * (BATTERY_DAYS.min + life * (BATTERY_DAYS.max - BATTERY_DAYS.min)),
    batteryAge,
  };
}

/**
 * Multiples of the golden ratio fill the interval evenly from any beginning (the additive recurrence of
 * https://en.wikipedia.org/wiki/Low-discrepancy_sequence), so that every range of devices, and thus every process of a
 * large fleet, has about the shares that the weights ask for.
 */
const GOLDEN_RATIO = (1 + Math.sqrt(5)) / 2;

function placeOf({ seed, profiles }: Fleet, index: number): Profile {
  const [start] = uniforms(fleetStream(seed), purposes.placement, 0);
  const sum = profiles.reduce((total, { weight }) => total + weight, 0);
  return pick(profiles, ((start + index * GOLDEN_RATIO) % 1) * sum);
}

/** The profile whose part of the summed weights `at` lies in; rounding may put `at` at the very end. */
function pick(weighted: readonly WeightedProfile[], at: number): Profile {
  let left = at;
  for (const { profile, weight } of weighted) {
    if (left < weight) return profile;
    left -= weight;
  }
  const last = weighted.findLast(({ weight }) => weight > 0);
  if (last === undefined) throw new RangeError("weights must have a sum greater than 0");
  return last.profile;
}

const METRES_PER_DEGREE = 111_320;

/** `north` and `east` from -1 to 1; rounded to a metre. */
function position({ lat, lon, spreadM }: Profile, north: number, east: number): { lat: number; lon: number } {
  const degrees = spreadM / METRES_PER_DEGREE;
  return {
    lat: round(lat + north * degrees),
    lon: round(lon + (east * degrees) / Math.cos((lat * Math.PI) / 180)),
  };
}

function round(degrees: number): number {
  return Math.round(degrees * 1e5) / 1e5;
}
