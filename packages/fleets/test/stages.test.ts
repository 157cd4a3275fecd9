import { describe, expect, test } from "vitest";
import { readFleet, type Fleet } from "../fleet-spec.ts";
import { activeDevices } from "../stages.ts";

const fleet = (spec: Record<string, unknown>): Fleet => readFleet({ name: "city", ...spec });

describe("activeDevices", () => {
  const staged = fleet({
    devices: 200,
    stages: [
      { duration: "10s", devicesPercent: 10, ramp: "Linear" },
      { duration: "10s", devicesPercent: 50 },
      { duration: "10s", devicesPercent: 100, ramp: "Linear" },
      { duration: "10s", devicesPercent: 0, ramp: "Linear" },
      { duration: "10s", devicesPercent: 5 },
    ],
  });

  test.each([
    { elapsedMs: -1, active: 0 },
    { elapsedMs: 0, active: 0 },
    { elapsedMs: 5_000, active: 10 },
    { elapsedMs: 9_999, active: 20 },
    { elapsedMs: 10_000, active: 100 },
    { elapsedMs: 19_999, active: 100 },
    { elapsedMs: 20_000, active: 100 },
    { elapsedMs: 25_000, active: 150 },
    { elapsedMs: 30_000, active: 200 },
    { elapsedMs: 35_000, active: 100 },
    { elapsedMs: 39_999, active: 0 },
    { elapsedMs: 40_000, active: 10 },
    { elapsedMs: 50_000, active: 10 },
    { elapsedMs: 1e12, active: 10 },
  ])("after $elapsedMs ms: $active", ({ elapsedMs, active }) => {
    expect(activeDevices(staged, elapsedMs)).toBe(active);
  });

  test("without stages all are on", () => {
    expect(activeDevices(fleet({ devices: 7 }), 0)).toBe(7);
  });
});
