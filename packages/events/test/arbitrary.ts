import fc from "fast-check";
import { telemetryTopic } from "#events";

export const NOW_MS = 1_760_000_000_000;
export const DAY_MS = 86_400_000;

const letters = (alphabet: string, maxLength: number) =>
  fc.string({ unit: fc.constantFrom(...alphabet.split("")), minLength: 1, maxLength });
const alphanumeric = "abcXYZ019";

export const tenants = letters(alphanumeric + "_.-", 64);
export const sensorIds = letters(alphanumeric + "_.:-", 64);
export const locations = fc
  .string({ unit: "grapheme", minLength: 1, maxLength: 16 })
  .filter((text) => !/[/+#\0]/.test(text) && text.isWellFormed() && text.length <= 64);

const finite = (min: number, max: number) => fc.double({ min, max, noNaN: true });

/** Any JSON value of at most a few levels, under names that are not in the schema. */
const attributes = fc.dictionary(
  fc.string({ unit: "grapheme", maxLength: 8 }).map((name) => `x${name}`),
  fc.jsonValue({ maxDepth: 4 }),
  { maxKeys: 3 },
);

export const validReadings = fc
  .record(
    {
      v: fc.constant(1),
      sensor_id: sensorIds,
      boot_id: fc.oneof(fc.uuid(), fc.string({ unit: "grapheme", minLength: 1, maxLength: 9 })),
      seq: fc.maxSafeNat(),
      event_time: fc.integer({ min: NOW_MS - 30 * DAY_MS, max: NOW_MS + DAY_MS / 24 }),
      location: locations,
      position: fc.option(fc.tuple(finite(-90, 90), finite(-180, 180)), { nil: undefined }),
      temperature_c: finite(-90, 200),
      humidity_pct: finite(0, 100),
      battery_pct: finite(0, 100),
      status: fc.constantFrom("ok", "degraded", "fault"),
      attributes,
    },
    { requiredKeys: ["v", "sensor_id", "boot_id", "seq", "event_time", "location", "position", "attributes"] },
  )
  .map(({ position, attributes: more, ...fields }) => ({
    ...fields,
    ...(position === undefined ? {} : { lat: position[0], lon: position[1] }),
    ...more,
  }));

export type AnyReading = Record<string, unknown> & { sensor_id: string; location: string; event_time: number };

export const bytes = (text: string): Buffer => Buffer.from(text);
export const encode = (reading: unknown): Buffer => bytes(JSON.stringify(reading));
export const topicOf = (reading: AnyReading, tenant = "house"): string =>
  telemetryTopic({ tenant, location: reading.location, sensorId: reading.sensor_id });
