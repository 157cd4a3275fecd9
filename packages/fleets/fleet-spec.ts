import { z } from "zod";
import { isSensorId } from "#events";
import { ConfigError, duration, parsed, text } from "#runtime";
import { faultSchema, whole, type Fault } from "./fault-spec.ts";
import {
  durationLimits,
  fleetLimits,
  LABEL_PATTERN,
  listLimits,
  MAX_PREFIX,
  MAX_SECONDS_AHEAD,
  OLDEST_MS,
} from "./limits.ts";
import { profileOf, profiles, type Profile } from "./profiles.ts";
import { replayedIds, replaySchema, type Replay } from "./replay-spec.ts";
import { specProblems, type FieldPath, type SpecProblem } from "./spec-problem.ts";

export interface WeightedProfile {
  readonly profile: Profile;
  readonly weight: number;
}

/** A part of a load curve; see `activeDevices` in `stages.ts`. */
export interface Stage {
  readonly durationMs: number;
  readonly devicesPercent: number;
  readonly ramp: "Linear" | "Step";
}

/** A fleet, checked and complete. Times are in milliseconds. */
export interface Fleet {
  /** Also its tenant. */
  readonly name: string;
  readonly deviceIdPrefix: string;
  readonly devices: number;
  readonly seed: number;
  readonly intervalMs: number;
  readonly jitterMs: number;
  readonly historyMs: number;
  readonly profiles: readonly WeightedProfile[];
  readonly stages: readonly Stage[];
  readonly faults: readonly Fault[];
  readonly connectsPerSecond: number;
  /** Publishes of one device that wait for their PUBACK. */
  readonly maxInFlight: number;
  /** Readings come from a recording, and not from the seed. */
  readonly replay: Replay | undefined;
  /** When the first stage began, in ms since the epoch; none given: at the start of each process. */
  readonly startTimeMs: number | undefined;
}

const DAY_MS = 86_400_000;

const label = (maxLength: number): z.ZodType<string, string> =>
  text(
    `at most ${maxLength} of a-z, 0-9 and -, with a letter or digit at both ends`,
    new RegExp(`^(?=.{1,${maxLength}}$)${LABEL_PATTERN.slice(1)}`),
  );

const location = z.string().transform((given, context): Profile => {
  const profile = profileOf(given);
  if (profile !== undefined) return profile;
  context.addIssue(`must be one of ${profiles.map((known) => known.location).join(", ")}`);
  return z.NEVER;
});

const everywhere = profiles.map((profile) => ({ location: profile, weight: 1 }));

const weighted = z.strictObject({ location, weight: whole(fleetLimits.weight) });

const stage = z.strictObject({
  duration: duration(durationLimits.stage),
  devicesPercent: whole(fleetLimits.devicesPercent),
  ramp: z.enum(["Linear", "Step"], "must be Linear or Step").default("Step"),
});

/** RFC 3339 in UTC, https://www.rfc-editor.org/rfc/rfc3339. */
const time = parsed({ type: "time", allowed: "a time in UTC such as 2026-01-31T12:00:00Z" }, (given) => {
  const ms = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z$/.test(given) ? Date.parse(given) : NaN;
  return Number.isNaN(ms) ? undefined : ms;
});

/** What stands in a fleet file: the `spec` of a later `SensorFleet`, and its name. Defaults make `{name}` a fleet. */
const fleetShape = {
  name: label(63),
  deviceIdPrefix: label(MAX_PREFIX).optional(),
  devices: whole(fleetLimits.devices).default(fleetLimits.devices.default),
  seed: whole(fleetLimits.seed).default(fleetLimits.seed.default),
  interval: duration(durationLimits.interval).default(durationLimits.interval.default),
  jitter: duration(durationLimits.jitter).default(durationLimits.jitter.default),
  history: duration(durationLimits.history).default(durationLimits.history.default),
  profiles: z.array(weighted).min(1, "must have at least one entry").max(listLimits.profiles).default(everywhere),
  stages: z.array(stage).max(listLimits.stages).default([]),
  faults: z.array(faultSchema).max(listLimits.faults).default([]),
  connectsPerSecond: whole(fleetLimits.connectsPerSecond).default(fleetLimits.connectsPerSecond.default),
  maxInFlight: whole(fleetLimits.maxInFlight).default(fleetLimits.maxInFlight.default),
  replay: replaySchema.optional(),
  startTime: time.optional(),
};
const fleetSchema = z.strictObject(fleetShape);
type FleetSpec = z.output<typeof fleetSchema>;

/** The fields that fit by themselves. */
type FittingFields = Partial<FleetSpec>;

/**
 * Reads what a parser made of a fleet file. `placeOf` says where a field stands in it, as the beginning of a message.
 *
 * @throws {ConfigError} with all problems at once: those of each field, and of all rules over several fields that fit
 * by themselves.
 */
export function readFleet(given: unknown, placeOf: (field: FieldPath) => string = () => ""): Fleet {
  const result = fleetSchema.safeParse(given, { reportInput: true });
  const fieldProblems = (result.error?.issues ?? []).flatMap((issue) => specProblems(issue, Object.keys(fleetShape)));
  const problems = [...fieldProblems, ...ruleProblems(fittingFields(given)), ...replayProblems(given)];
  if (!result.success || problems.length > 0)
    throw new ConfigError(problems.map(({ field, text }) => `${placeOf(field)}${text}`));
  return fleetOf(result.data);
}

function fittingFields(given: unknown): FittingFields {
  if (typeof given !== "object" || given === null) return {};
  const values = given as Readonly<Record<string, unknown>>;
  const fitting = Object.entries(fleetShape).flatMap(([name, schema]) => {
    const result = schema.safeParse(values[name]);
    return result.success ? [[name, result.data] as const] : [];
  });
  return Object.fromEntries(fitting);
}

function ruleProblems(spec: FittingFields): SpecProblem[] {
  const problems: [keyof FleetSpec, readonly (string | undefined)[]][] = [
    ["jitter", [jitterProblem(spec)]],
    ["history", [ageProblem(spec)]],
    ["faults", [aheadProblem(spec)]],
    ["stages", [stageProblem(spec)]],
    ["profiles", profileProblems(spec)],
    ["replay", [idProblem(spec)]],
  ];
  return problems.flatMap(([name, texts]) =>
    texts.filter((text) => text !== undefined).map((text) => ({ field: [name], text })),
  );
}

function jitterProblem({ interval, jitter }: FittingFields): string | undefined {
  if (interval === undefined || jitter === undefined || jitter < interval) return undefined;
  return `jitter must be less than interval, or readings would pass each other; given: ${jitter} of ${interval} ms`;
}

/** History, a clock that is behind, and time before sending add up. */
function ageProblem({ history, faults }: FittingFields): string | undefined {
  if (history === undefined || faults === undefined) return undefined;
  const ageMs = faults.reduce((sum, fault) => sum + ageOf(fault), history);
  if (ageMs <= OLDEST_MS) return undefined;
  return `history, and faults that delay or set clocks back, must not exceed ${OLDEST_MS / DAY_MS} days together: older readings are refused`;
}

function ageOf(fault: Fault): number {
  if (fault.type === "Late") return fault.delay;
  if (fault.type === "Disconnect") return fault.duration;
  return fault.type === "ClockSkew" ? Math.max(0, -fault.offsetSeconds * 1000) : 0;
}

/** Clocks that run ahead add up as well. */
function aheadProblem({ faults }: FittingFields): string | undefined {
  const seconds = (faults ?? []).map((fault) => (fault.type === "ClockSkew" ? Math.max(0, fault.offsetSeconds) : 0));
  if (seconds.reduce((sum, ahead) => sum + ahead, 0) <= MAX_SECONDS_AHEAD) return undefined;
  return `faults must not set clocks more than ${MAX_SECONDS_AHEAD} s ahead together: later readings are refused`;
}

function profileProblems({ profiles: weights }: FittingFields): string[] {
  if (weights === undefined) return [];
  const names = weights.map((entry) => entry.location.location);
  const twice = new Set(names.filter((name, index) => names.indexOf(name) !== index));
  const problems = [...twice].map((name) => `profiles must name each location once; twice: ${name}`);
  const sum = weights.reduce((total, { weight }) => total + weight, 0);
  return sum > 0 ? problems : [...problems, "profiles must have weights whose sum is greater than 0"];
}

/** What a recording says itself. */
const besideReplay = ["devices", "interval", "jitter", "profiles"];

function replayProblems(given: unknown): SpecProblem[] {
  if (typeof given !== "object" || given === null || !("replay" in given)) return [];
  return Object.keys(given)
    .filter((name) => besideReplay.includes(name))
    .map((name) => ({ field: [name], text: `${name} must not stand beside replay, which says it itself` }));
}

function idProblem({ replay, ...spec }: FittingFields): string | undefined {
  if (replay === undefined) return undefined;
  const ids = replayedIds(replay, prefixOf(spec));
  const wrong = ids.find((id, index) => ids.indexOf(id) !== index || !isSensorId(id));
  return wrong === undefined ? undefined : `replay must give each device an id of its own; not one: ${wrong}`;
}

function stageProblem({ stages }: FittingFields): string | undefined {
  if (stages === undefined || stages.length === 0) return undefined;
  return stages.some(({ devicesPercent }) => devicesPercent > 0)
    ? undefined
    : "stages must have one with devicesPercent above 0";
}

function prefixOf({ name = "", deviceIdPrefix }: Pick<FittingFields, "name" | "deviceIdPrefix">): string {
  return deviceIdPrefix ?? name.slice(0, MAX_PREFIX).replace(/-+$/, "");
}

function fleetOf({ interval, jitter, history, startTime, ...spec }: FleetSpec): Fleet {
  return {
    ...spec,
    devices: spec.replay?.devices.length ?? spec.devices,
    deviceIdPrefix: prefixOf(spec),
    intervalMs: interval,
    jitterMs: jitter,
    historyMs: history,
    profiles: spec.profiles.map(({ location: profile, weight }) => ({ profile, weight })),
    replay: spec.replay,
    startTimeMs: startTime,
    stages: spec.stages.map(({ duration: durationMs, ...rest }) => ({ durationMs, ...rest })),
  };
}
