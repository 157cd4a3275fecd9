import { z } from "zod";
import { duration, parsed } from "#runtime";
import { durationLimits, fleetLimits, SHARE_PATTERN, type Limits } from "./limits.ts";

/** What a device measures and a fault may bend. */
export const measuredFields = ["temperature_c", "humidity_pct"] as const;
export type MeasuredField = (typeof measuredFields)[number];

const SHARE = new RegExp(SHARE_PATTERN);

/** `"2%"`, `"0.5%"` → a share from 0 to 1. Text, because a Kubernetes spec has no fractions. */
function share(): z.ZodType<number, string> {
  return parsed({ type: "share", allowed: 'a share such as "2%" or "0.5%", at most "100%"' }, (given) => {
    const percent = Number(SHARE.exec(given)?.[1]);
    return percent <= 100 ? percent / 100 : undefined;
  });
}

/** A whole number within a range, as YAML and JSON give it. */
export function whole({ min, max }: Pick<Limits, "min" | "max">): z.ZodType<number, number> {
  const message = `must be a whole number from ${min} to ${max}`;
  return z.number(message).int(message).min(min, message).max(max, message);
}

const field = z.enum(measuredFields, `must be one of ${measuredFields.join(", ")}`);
/** Happens to this share of all readings, each decided for itself. */
const readings = share();
/** Happens to this share of the devices, always the same ones: once in each `every`, for `duration`. */
const episodes = {
  devices: share(),
  every: duration(durationLimits.every),
  duration: duration(durationLimits.episode),
};

/** Each fault by name; units stand in names, or behind the number as in "5s"; `by` and `perHour` have the field's. */
const faultShapes = [
  z.strictObject({ type: z.literal("Disconnect"), ...episodes }),
  z.strictObject({ type: z.literal("Duplicate"), readings }),
  z.strictObject({ type: z.literal("Late"), readings, delay: duration(durationLimits.delay) }),
  z.strictObject({ type: z.literal("OutOfOrder"), readings }),
  z.strictObject({ type: z.literal("CorruptPayload"), readings }),
  z.strictObject({ type: z.literal("StuckValue"), field, ...episodes }),
  z.strictObject({ type: z.literal("Drift"), field, perHour: whole(fleetLimits.bend), ...episodes }),
  z.strictObject({ type: z.literal("Spike"), field, by: whole(fleetLimits.bend), readings }),
  z.strictObject({
    type: z.literal("ClockSkew"),
    offsetSeconds: whole(fleetLimits.offsetSeconds),
    ...episodes,
  }),
] as const;

/** The names of all faults. */
export const faultTypes = faultShapes.map((shape) => shape.shape.type.value);

/** The fields of each fault beside its type; all of them are needed. */
export const faultFields = Object.fromEntries(
  faultShapes.map(({ shape }) => [shape.type.value, Object.keys(shape).filter((name) => name !== "type")]),
) as unknown as Readonly<Record<FaultType, readonly string[]>>;

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
