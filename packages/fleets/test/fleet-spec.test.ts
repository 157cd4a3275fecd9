import { describe, expect, test } from "vitest";
import { ConfigError } from "#runtime";
import { readFleet, type Fleet } from "../fleet-spec.ts";
import { profiles } from "../profiles.ts";

const fleet = (spec: Record<string, unknown>): Fleet => readFleet({ name: "city", ...spec });

function problemsOf(given: unknown): readonly string[] {
  try {
    readFleet(given);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

const episode = { devices: "1%", every: "10m", duration: "30s" };
const stage = { duration: "1m", devicesPercent: 50 };

test("a name is enough; everything else has a default", () => {
  const given = readFleet({ name: "city" });
  expect(given).toMatchObject({ name: "city", deviceIdPrefix: "city", devices: 10, seed: 1, intervalMs: 5000 });
  expect(given).toMatchObject({ jitterMs: 0, historyMs: 0, stages: [], faults: [] });
  expect(given.profiles.map(({ profile }) => profile)).toEqual(profiles);
});

test("durations become milliseconds and shares numbers", () => {
  const given = fleet({
    interval: "2s",
    jitter: "500ms",
    history: "24h",
    stages: [{ ...stage, ramp: "Linear" }, stage],
    faults: [{ type: "Late", readings: "0.5%", delay: "5m" }],
  });
  expect(given).toMatchObject({ intervalMs: 2000, jitterMs: 500, historyMs: 86_400_000 });
  expect(given.stages).toEqual([
    { durationMs: 60_000, devicesPercent: 50, ramp: "Linear" },
    { durationMs: 60_000, devicesPercent: 50, ramp: "Step" },
  ]);
  expect(given.faults).toEqual([{ type: "Late", readings: 0.005, delay: 300_000 }]);
});

test("a time is UTC, to the second or finer", () => {
  expect(fleet({ startTime: "2026-01-31T12:00:00Z" }).startTimeMs).toBe(Date.UTC(2026, 0, 31, 12));
  expect(fleet({}).startTimeMs).toBeUndefined();
  for (const startTime of ["2026-01-31", "2026-01-31T12:00:00+01:00", "2026-13-31T12:00:00Z", "now"])
    expect(problemsOf({ name: "city", startTime })).toEqual([
      expect.stringMatching(/^startTime must be a time in UTC/),
    ]);
});

test("every fault type is read", () => {
  const faults = [
    { type: "Disconnect", ...episode },
    { type: "Duplicate", readings: "1%" },
    { type: "Late", readings: "1%", delay: "1m" },
    { type: "OutOfOrder", readings: "1%" },
    { type: "CorruptPayload", readings: "1%" },
    { type: "StuckValue", field: "temperature_c", ...episode },
    { type: "Drift", field: "humidity_pct", perHour: 2, ...episode },
    { type: "Spike", field: "temperature_c", by: 40, readings: "1%" },
    { type: "ClockSkew", offsetSeconds: -300, ...episode },
  ];
  expect(fleet({ faults }).faults.map(({ type }) => type)).toEqual(faults.map(({ type }) => type));
});

describe("problems", () => {
  test.each<{ given: Record<string, unknown>; problem: RegExp }>([
    { given: { name: undefined }, problem: /^name is missing$/ },
    { given: { name: "City_1" }, problem: /^name must be at most 63 of a-z, 0-9 and -.*given: "City_1"$/ },
    { given: { name: "a".repeat(64) }, problem: /^name must be at most 63/ },
    { given: { devices: -1 }, problem: /^devices must be a whole number from 0 to 1000000; given: -1$/ },
    { given: { devices: 1.5 }, problem: /^devices must be a whole number/ },
    { given: { devices: "many" }, problem: /^devices must be a whole number.*given: "many"$/ },
    { given: { seed: 2 ** 32 }, problem: /^seed must be/ },
    { given: { interval: 5 }, problem: /^interval must be a text; durations and shares carry their unit.*given: 5$/ },
    { given: { interval: "5" }, problem: /^interval must be a whole number with one of the units ms, s.*given: "5"$/ },
    { given: { interval: "1s", jitter: "1s" }, problem: /^jitter must be less than interval/ },
    { given: { jitter: "5s" }, problem: /^jitter must be less than interval/ },
    { given: { history: "30d" }, problem: /^history must be .*from 0ms to 29d; given: "30d"$/ },
    { given: { intervall: "1s" }, problem: /^the fleet has no field intervall; did you mean interval\?$/ },
    { given: { profiles: [] }, problem: /^profiles must have at least one entry/ },
    { given: { profiles: [{ location: "moon", weight: 1 }] }, problem: /^profiles\[0\]\.location must be one of ind/ },
    { given: { profiles: [{ location: "park", weight: 0 }] }, problem: /^profiles must have weights whose sum/ },
    {
      given: { profiles: Array(2).fill({ location: "park", weight: 1 }) },
      problem: /^profiles must name each location once; twice: park$/,
    },
    { given: { stages: [{ ...stage, devicesPercent: 101 }] }, problem: /^stages\[0\]\.devicesPercent must be/ },
    { given: { stages: [{ ...stage, devicesPercent: 0 }] }, problem: /^stages must have one with devicesPercent/ },
    { given: { stages: [{ ...stage, ramp: "Wild" }] }, problem: /^stages\[0\]\.ramp must be Linear or Step/ },
    { given: { faults: [{ type: "Fire" }] }, problem: /^faults\[0\]\.type must be one of Disconnect, Duplicate, / },
    { given: { faults: [{ type: "Duplicate", readings: "101%" }] }, problem: /^faults\[0\]\.readings must be a share/ },
    { given: { faults: [{ type: "Duplicate", readings: 0.1 }] }, problem: /^faults\[0\]\.readings must be a text/ },
    {
      given: { faults: [{ type: "Duplicate", readings: "1%", dealy: "1s" }] },
      problem: /^faults\[0\] has no field dealy$/,
    },
    {
      given: { faults: [{ type: "Disconnect", devices: "1%", every: "10s", duration: "11s" }] },
      problem: /^faults\[0\]\.duration must not be longer than every/,
    },
    {
      given: { faults: [{ type: "Spike", field: "battery_pct", by: 1, readings: "1%" }] },
      problem: /^faults\[0\]\.field must be one of temperature_c, humidity_pct/,
    },
    {
      given: { history: "28d", faults: [{ type: "ClockSkew", offsetSeconds: -100_000, ...episode }] },
      problem: /^history, and faults that delay or set clocks back, must not exceed 29 days/,
    },
    {
      given: { faults: Array(2).fill({ type: "ClockSkew", offsetSeconds: 2000, ...episode }) },
      problem: /^faults must not set clocks more than 3300 s ahead/,
    },
  ])("$problem", ({ given, problem }) => {
    expect(problemsOf({ name: "city", ...given })).toEqual([expect.stringMatching(problem)]);
  });

  test.each([{ given: undefined }, { given: null }, { given: "city" }, { given: 7 }, { given: [] }])(
    "$given is no fleet",
    ({ given }) => {
      expect(problemsOf(given)).toHaveLength(1);
    },
  );

  test("come all at once, those of fields and those of rules", () => {
    const problems = problemsOf({
      name: "!",
      devices: -1,
      jitter: "9s",
      stages: [{ ...stage, devicesPercent: 0 }],
      profiles: [{ location: "park", weight: 0 }],
      faults: [{ type: "Fire" }],
    });
    expect(problems).toHaveLength(6);
  });
});
