import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { dayCurve, drift, localHour, measure } from "../measure.ts";
import { DAY_MS, deviation, deviceAt, devices, HOUR_MS, mean, MINUTE_MS, moments, NOW_MS } from "./fleets.ts";

const range = (length: number, stepMs: number): number[] =>
  Array.from({ length }, (_, step) => NOW_MS + Math.round(step * stepMs));
const MIDNIGHT_MS = Math.floor(NOW_MS / DAY_MS) * DAY_MS;

test.each([
  { timeMs: 0, lon: 0, hour: 0 },
  { timeMs: 0, lon: 15, hour: 1 },
  { timeMs: 0, lon: -15, hour: 23 },
  { timeMs: 23.5 * HOUR_MS, lon: 15, hour: 0.5 },
])("local hour of $timeMs at $lon° is $hour", ({ timeMs, lon, hour }) => {
  expect(localHour(timeMs, lon)).toBeCloseTo(hour);
});

test.each([
  { hour: 15, peak: 15, height: 1 },
  { hour: 3, peak: 15, height: -1 },
  { hour: 21, peak: 15, height: 0 },
])("day curve at $hour with its peak at $peak is $height", ({ hour, peak, height }) => {
  expect(dayCurve(hour, peak)).toBeCloseTo(height);
});

/** Mean temperature of a place at an hour of the day (UTC), over many devices and days. */
function temperatureAt(location: string, hour: number): number {
  const values = Array.from({ length: 100 }, (_, index) => deviceAt(location, index)).flatMap((device) =>
    Array.from({ length: 10 }, (_, day) => measure(device, MIDNIGHT_MS + day * DAY_MS + hour * HOUR_MS).temperature_c),
  );
  return mean(values);
}

describe("measure", () => {
  test("is a pure function of device and moment", () => {
    fc.assert(
      fc.property(devices, moments, moments, (device, timeMs, otherMs) => {
        const first = measure(device, timeMs);
        measure(device, otherMs);
        expect(measure({ ...device }, timeMs)).toEqual(first);
      }),
    );
  });

  test("follows the day: a park is warm in the afternoon and cold before dawn", () => {
    expect(temperatureAt("park", 14.7)).toBeCloseTo(18.5, 0);
    expect(temperatureAt("park", 2.7)).toBeCloseTo(9.5, 0);
  });

  test("an industrial zone is hotter than a park, and an office hardly knows the night", () => {
    expect(temperatureAt("industrial-zone", 14)).toBeGreaterThan(temperatureAt("park", 14) + 5);
    expect(temperatureAt("office", 14) - temperatureAt("office", 2)).toBeLessThan(4);
  });

  test.each([
    { location: "industrial-zone", noise: 0.8 },
    { location: "park", noise: 0.2 },
  ])("noise at $location is $noise °C", ({ location, noise }) => {
    const values = range(3000, 10).map((timeMs) => measure(deviceAt(location), timeMs).temperature_c);
    expect(deviation(values)).toBeGreaterThan(noise * 0.93);
    expect(deviation(values)).toBeLessThan(noise * 1.07);
  });

  test("drift is slow: hourly means of a cold store move, but little from one to the next", () => {
    const device = deviceAt("cold-store");
    const hourly = Array.from({ length: 240 }, (_, hour) =>
      mean(range(60, MINUTE_MS).map((timeMs) => measure(device, timeMs + hour * HOUR_MS).temperature_c)),
    );
    const daily = Array.from({ length: 10 }, (_, day) => hourly[day * 24]!);
    const steps = hourly.slice(1).map((value, hour) => value - hourly[hour]!);
    expect(deviation(daily)).toBeGreaterThan(0.05);
    expect(deviation(steps)).toBeLessThan(deviation(hourly) * 0.6);
  });

  test("drift never jumps, neither at a height nor between two", () => {
    fc.assert(
      fc.property(devices, fc.nat({ max: 1e5 }), fc.nat({ max: 400 }), ({ stream }, knot, minute) => {
        const timeMs = knot * 6 * HOUR_MS + minute * MINUTE_MS;
        const step = drift(stream, 6, timeMs + MINUTE_MS) - drift(stream, 6, timeMs);
        expect(Math.abs(step)).toBeLessThan(0.08);
        const atKnot = drift(stream, 6, (knot + 1) * 6 * HOUR_MS);
        expect(Math.abs(atKnot - drift(stream, 6, (knot + 1) * 6 * HOUR_MS - 1))).toBeLessThan(1e-6);
      }),
    );
  });

  test("the battery only falls until it is changed, and says when it is low", () => {
    const device = deviceAt("park");
    const readings = range(1500, DAY_MS / 2).map((timeMs) => measure(device, timeMs));
    const rises = readings.filter((reading, at) => at > 0 && reading.battery_pct > readings[at - 1]!.battery_pct);
    expect(rises.length).toBeGreaterThan(0);
    expect(rises.every(({ battery_pct }) => battery_pct > 95)).toBe(true);
    for (const { battery_pct, status } of readings) expect(status).toBe(battery_pct < 10 ? "degraded" : "ok");
    expect(readings.some(({ status }) => status === "degraded")).toBe(true);
  });
});
