import { z } from "zod";
import { payloadFields } from "#events";
import { text } from "#runtime";
import { whole } from "./fault-spec.ts";

/** What of a recording may stand in a reading under its own name; anything else goes to its attributes. */
export const recordedFields = ["temperature_c", "humidity_pct", "battery_pct"] as const;

const fixedFields = payloadFields.map(([name]) => name).filter((name) => !recordedFields.some((own) => own === name));

function isFieldName(name: string): boolean {
  return /^[a-z][a-z0-9_]{0,63}$/.test(name) && !fixedFields.some((fixed) => fixed === name);
}

const column = text();

/** Reading field → column of the recording. */
const columns = z.record(z.string(), column).refine((given) => Object.keys(given).every(isFieldName), {
  error: `must have names of a-z, 0-9 and _ that begin with a letter, and none of ${fixedFields.join(", ")}`,
});

const device = z.strictObject({
  /** Default: the fleet's prefix and the location. */
  sensorId: text("1 to 64 of A-Z, a-z, 0-9, _, ., : and -", /^[A-Za-z0-9_.:-]{1,64}$/).optional(),
  location: text("1 to 64 characters without /, + and #", /^[^/+#\0]{1,64}$/u),
  columns,
});

const degrees = (limit: number): z.ZodType<number, number> => {
  const message = `must be a number from -${limit} to ${limit}`;
  return z.number(message).min(-limit, message).max(limit, message);
};

/** Part of a fleet file: readings come from a recording, which begins again when it is over. */
export const replaySchema = z.strictObject({
  /** CSV with a line of names, gzipped if the name ends in `.gz`; relative to the fleet file. */
  file: text(),
  timeColumn: column,
  /** Seconds of the recording that pass in one second. */
  speed: whole({ min: 1, max: 1_000_000 }).default(1),
  /** Where all devices stand. */
  position: z.strictObject({ lat: degrees(90), lon: degrees(180) }).optional(),
  devices: z.array(device).min(1, "must have at least one entry").max(1000),
});

export type Replay = z.output<typeof replaySchema>;

/** The sensor ids, in order. */
export function replayedIds({ devices }: Replay, prefix: string): string[] {
  return devices.map(({ sensorId, location }) => sensorId ?? `${prefix}-${location}`);
}
