import { SCHEMA_VERSION, type Reading } from "#events";
import type { VirtualDevice } from "./device.ts";
import { corruptPayload } from "./corrupt-payload.ts";
import { measureWithMishaps, type Mishaps } from "./faults.ts";
import type { Measurement } from "./measure.ts";

/** Which reading of which start of the device. */
export interface ReadingName {
  /** Random, never from the seed: (tenant, sensor_id, boot_id, seq) names one reading for ever. */
  readonly bootId: string;
  readonly seq: number;
  /** By the device's clock, which may be wrong. */
  readonly eventTimeMs: number;
}

/** The bytes that the device publishes. The same arguments give the same bytes. */
export function readingPayload(device: VirtualDevice, name: ReadingName, measured: Measurement): Buffer {
  const reading: Reading = {
    v: SCHEMA_VERSION,
    sensor_id: device.sensorId,
    boot_id: name.bootId,
    seq: name.seq,
    event_time: name.eventTimeMs,
    location: device.profile.location,
    lat: device.lat,
    lon: device.lon,
    ...measured,
  };
  return Buffer.from(JSON.stringify(reading));
}

/** The bytes of the reading made at `timeMs` (true time), with all that its mishaps do to values, clock and bytes. */
export function payloadWithMishaps(
  device: VirtualDevice,
  { bootId, seq, timeMs }: { readonly bootId: string; readonly seq: number; readonly timeMs: number },
  mishaps: Mishaps,
): Buffer {
  const measured = measureWithMishaps(device, timeMs, mishaps);
  const payload = readingPayload(device, { bootId, seq, eventTimeMs: timeMs + mishaps.clockOffsetMs }, measured);
  return mishaps.corruption === undefined ? payload : corruptPayload(payload, mishaps.corruption);
}
