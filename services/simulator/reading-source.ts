import type { Fleet } from "#fleets";
import { deviceOf } from "./device.ts";
import { mishapsOf, type Mishaps } from "./faults.ts";
import { payloadWithMishaps, type ReadingName } from "./reading-payload.ts";
import { history, nextDueMs, type PastReading } from "./schedule.ts";

/** Which of a fleet's devices: `from` ≤ index < `to`. */
export interface DeviceRange {
  readonly from: number;
  readonly to: number;
}

/** One device, as the fleet sees it: who it is, when it measures, and what it then says. All of it is pure. */
export interface ReadingDevice {
  readonly sensorId: string;
  /** As in the MQTT topic. */
  readonly location: string;
  /** The first time after `afterMs` at which it makes a reading. */
  nextDueMs(afterMs: number): number;
  mishapsAt(timeMs: number): Mishaps;
  /** The bytes of the reading made at `timeMs`. */
  payload(name: ReadingName, mishaps: Mishaps): Buffer;
}

/** What a fleet measures: made up from the seed, or recorded. */
export interface ReadingSource {
  device(index: number): ReadingDevice;
  /** Readings of the past, `sinceMs` ≤ time < `untilMs`, minute by minute; a device's own times rise. */
  past(range: DeviceRange, sinceMs: number, untilMs: number): Iterable<PastReading>;
}

/** Readings from the seed. */
export function seededSource(fleet: Fleet): ReadingSource {
  return {
    device: (index) => seededDevice(fleet, index),
    past: (range, sinceMs, untilMs) => history({ seed: fleet.seed, historyMs: untilMs - sinceMs }, range, untilMs),
  };
}

function seededDevice(fleet: Fleet, index: number): ReadingDevice {
  const device = deviceOf(fleet, index);
  return {
    sensorId: device.sensorId,
    location: device.profile.location,
    nextDueMs: (afterMs) => nextDueMs(device.stream, fleet, afterMs),
    mishapsAt: (timeMs) => mishapsOf(fleet.faults, device, timeMs),
    payload: (name, mishaps) => payloadWithMishaps(device, name, mishaps),
  };
}
