import { z } from "zod";
import { ACCEPTED_WINDOW } from "#events";
import { duration, parsed } from "#runtime";

/** What a device measures and a fault may bend. */
export const measuredFields = ["temperature_c", "humidity_pct"] as const;
export type MeasuredField = (typeof measuredFields)[number];

const DAY_MS = 86_400_000;

/** `"2%"`, `"0.5%"` → a share from 0 to 1. Text, because a Kubernetes spec has no fractions. */
function share(): z.ZodType<number, string> {
  return parsed({ type: "share", allowed: 'a share such as "2%" or "0.5%", at most "100%"' }, (given) => {
    const percent = Number(/^(\d+(?:\.\d+)?)%$/.exec(given)?.[1]);
    return percent <= 100 ? percent / 100 : undefined;
  });
}

/** A whole number within a range, as YAML and JSON give it. */
export function whole(min: number, max: number, unit = ""): z.ZodType<number, number> {
  const message = `must be a whole number from ${min} to ${max}${unit}`;
  return z.number(message).int(message).min(min, message).max(max, message);
}

const field = z.enum(measuredFields, `must be one of ${measuredFields.join(", ")}`);
/** Happens to this share of all readings, each decided for itself. */
const readings = share();
/** Happens to this share of the devices, always the same ones: once in each `every`, for `duration`. */
const episodes = { devices: share(), every: duration({ min: 1000, max: 30 * DAY_MS }), duration: duration({ min: 1 }) };

/** How far ahead of the true time a clock may be so that its readings are still accepted: five minutes below the limit. */
export const MAX_SECONDS_AHEAD = (ACCEPTED_WINDOW.futureMs - 300_000) / 1000;
const MAX_SECONDS_BEHIND = (ACCEPTED_WINDOW.pastMs - DAY_MS) / 1000;

/** Each fault by name; units stand in names, or behind the number as in "5s"; `by` and `perHour` have the field's. */
const faultShapes = [
  z.strictObject({ type: z.literal("Disconnect"), ...episodes }),
  z.strictObject({ type: z.literal("Duplicate"), readings }),
  z.strictObject({ type: z.literal("Late"), readings, delay: duration({ min: 1, max: 7 * DAY_MS }) }),
  z.strictObject({ type: z.literal("OutOfOrder"), readings }),
  z.strictObject({ type: z.literal("CorruptPayload"), readings }),
  z.strictObject({ type: z.literal("StuckValue"), field, ...episodes }),
  z.strictObject({ type: z.literal("Drift"), field, perHour: whole(-1000, 1000), ...episodes }),
  z.strictObject({ type: z.literal("Spike"), field, by: whole(-1000, 1000), readings }),
  z.strictObject({
    type: z.literal("ClockSkew"),
    offsetSeconds: whole(-MAX_SECONDS_BEHIND, MAX_SECONDS_AHEAD),
    ...episodes,
  }),
] as const;

/** The names of all faults. */
export const faultTypes = faultShapes.map((shape) => shape.shape.type.value);

/** One fault rule of a fleet file; durations become milliseconds and shares numbers from 0 to 1. */
export const faultSchema = z
  .discriminatedUnion("type", faultShapes, { error: () => `must be one of ${faultTypes.join(", ")}` })
  .refine((fault) => !("every" in fault) || fault.duration <= fault.every, {
    path: ["duration"],
    error: "must not be longer than every",
  });

export type Fault = z.output<typeof faultSchema>;
export type FaultType = Fault["type"];
export type EpisodeFault = Extract<Fault, { every: number }>;
