import { SCHEMA_VERSION } from "#events";
import { corruptPayload } from "./corrupt-payload.ts";
import type { VirtualDevice } from "./device.ts";
import { measureWithMishaps, type Mishaps } from "./faults.ts";

/** Which reading of which start of the device, and when it was made (true time). */
export interface ReadingName {
  /** Random, never from the seed: (tenant, sensor_id, boot_id, seq) names one reading for ever. */
  readonly bootId: string;
  readonly seq: number;
  readonly timeMs: number;
}

/** Who and where the device is. */
export interface Standing {
  readonly sensorId: string;
  readonly location: string;
  readonly lat?: number;
  readonly lon?: number;
}

/** The bytes that the device publishes, with all that mishaps do to clock and bytes. The same arguments, the same bytes. */
export function readingBytes(
  { sensorId, location, lat, lon }: Standing,
  { bootId, seq, timeMs }: ReadingName,
  measured: object,
  mishaps: Mishaps,
): Buffer {
  const reading = {
    v: SCHEMA_VERSION,
    sensor_id: sensorId,
    boot_id: bootId,
    seq,
    event_time: timeMs + mishaps.clockOffsetMs,
    location,
    lat,
    lon,
    ...measured,
  };
  const payload = Buffer.from(JSON.stringify(reading));
  return mishaps.corruption === undefined ? payload : corruptPayload(payload, mishaps.corruption);
}

/** The bytes of a virtual device's reading, with all that mishaps do to it. */
export function payloadWithMishaps(device: VirtualDevice, name: ReadingName, mishaps: Mishaps): Buffer {
  const { sensorId, profile, lat, lon } = device;
  const measured = measureWithMishaps(device, name.timeMs, mishaps);
  return readingBytes({ sensorId, location: profile.location, lat, lon }, name, measured, mishaps);
}
