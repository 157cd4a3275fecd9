import { ACCEPTED_WINDOW } from "#events";

const DAY_MS = 86_400_000;

/** An inclusive range, and what stands for a field that is not given. */
export interface Limits {
  readonly min: number;
  readonly max: number;
  readonly default: number;
}

/** Older readings would be refused by the bridge; a day is left for the sending. */
export const OLDEST_MS = ACCEPTED_WINDOW.pastMs - DAY_MS;

/** How far ahead of the true time a clock may be so that its readings are still accepted: five minutes below the limit. */
export const MAX_SECONDS_AHEAD = (ACCEPTED_WINDOW.futureMs - 300_000) / 1000;
export const MAX_SECONDS_BEHIND = OLDEST_MS / 1000;

/** Most devices of a fleet. */
export const MAX_DEVICES = 1_000_000;

/** A sensor id has at most 64 characters, and seven digits and a hyphen follow the prefix. */
export const MAX_PREFIX = 56;

/** What a Kubernetes object may be called, and a tenant too: RFC 1123 label, https://www.rfc-editor.org/rfc/rfc1123. */
export const LABEL_PATTERN = "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$";

/** A share such as `2%` or `0.5%`: text, because a Kubernetes spec has no fractions. */
export const SHARE_PATTERN = "^([0-9]{1,3}([.][0-9]{1,9})?)%$";

/** Bounds and defaults of the fields of a fleet, for the reader of fleet files and the schema of `SensorFleet` alike. */
export const fleetLimits = {
  devices: { min: 0, max: MAX_DEVICES, default: 10 },
  seed: { min: 0, max: 2 ** 32 - 1, default: 1 },
  connectsPerSecond: { min: 1, max: 10_000, default: 200 },
  maxInFlight: { min: 1, max: 1000, default: 10 },
  weight: { min: 0, max: 1_000_000 },
  devicesPercent: { min: 0, max: 100 },
  /** Of the field's own unit. */
  bend: { min: -1000, max: 1000 },
  offsetSeconds: { min: -MAX_SECONDS_BEHIND, max: MAX_SECONDS_AHEAD },
} as const satisfies Readonly<Record<string, Omit<Limits, "default"> & Partial<Limits>>>;

/** Likewise, in milliseconds; written as `500ms`, `5s`, `10m`, `1h`, `7d`. */
export const durationLimits = {
  interval: { min: 10, max: DAY_MS, default: 5000 },
  jitter: { min: 0, max: DAY_MS, default: 0 },
  history: { min: 0, max: OLDEST_MS, default: 0 },
  stage: { min: 1, max: 366 * DAY_MS },
  delay: { min: 1, max: 7 * DAY_MS },
  every: { min: 1000, max: 30 * DAY_MS },
  episode: { min: 1, max: 30 * DAY_MS },
} as const satisfies Readonly<Record<string, Omit<Limits, "default"> & Partial<Limits>>>;

/** Most entries of a list. */
export const listLimits = { profiles: 100, stages: 100, faults: 50 } as const;
