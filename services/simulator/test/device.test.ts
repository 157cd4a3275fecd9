import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isSensorId, isTenant } from "#events";
import { profiles, readFleet } from "#fleets";
import { deviceOf } from "../device.ts";
import { deviceAt, fleet, indices, seeds } from "./fleets.ts";

test("there are ten places, each with its own name and a position on earth", () => {
  expect(new Set(profiles.map(({ location }) => location)).size).toBe(10);
  for (const { lat, lon } of profiles) {
    expect(Math.abs(lat)).toBeLessThan(90);
    expect(Math.abs(lon)).toBeLessThan(180);
  }
});

test("a device does not depend on how many there are", () => {
  fc.assert(
    fc.property(seeds, indices, fc.nat({ max: 1_000_000 }), (seed, index, devices) => {
      expect(deviceOf(fleet({ seed, devices }), index)).toEqual(deviceOf(fleet({ seed, devices: 1 }), index));
    }),
  );
});

describe("weights", () => {
  const weighted = fc
    .array(fc.nat({ max: 50 }), { minLength: 10, maxLength: 10 })
    .filter((weights) => weights.some((weight) => weight > 0));

  test("any range of devices has about the shares asked for", () => {
    fc.assert(
      fc.property(seeds, weighted, fc.nat({ max: 900_000 }), (seed, weights, from) => {
        const places = profiles.map(({ location }, place) => ({ location, weight: weights[place]! }));
        const given = fleet({ seed, profiles: places });
        const stood = Array.from({ length: 500 }, (_, offset) => deviceOf(given, from + offset).profile.location);
        const sum = weights.reduce((total, weight) => total + weight, 0);
        for (const { location, weight } of places) {
          const count = stood.filter((place) => place === location).length;
          expect(Math.abs(count - (500 * weight) / sum)).toBeLessThan(6);
          if (weight === 0) expect(count).toBe(0);
        }
      }),
      { numRuns: 30 },
    );
  });
});

test("devices stand around their place, not on top of each other", () => {
  const park = profiles.find(({ location }) => location === "park")!;
  const stood = Array.from({ length: 50 }, (_, index) => deviceAt("park", index));
  expect(new Set(stood.map(({ lat, lon }) => `${lat} ${lon}`)).size).toBe(50);
  for (const { lat, lon } of stood) {
    expect(Math.abs(lat - park.lat) * 111_320).toBeLessThan(park.spreadM + 1);
    expect(Math.abs(lon - park.lon) * 111_320 * Math.cos((lat * Math.PI) / 180)).toBeLessThan(park.spreadM + 1);
  }
});

test("sensor ids count from 1", () => {
  expect(deviceOf(fleet({ deviceIdPrefix: "demo" }), 0).sensorId).toBe("demo-000001");
});

test("names of the longest fleet still fit topic and client id", () => {
  for (const name of ["a".repeat(63), `${"a".repeat(56)}-bbbbbb`]) {
    const device = deviceOf(readFleet({ name }), 999_999);
    expect(isTenant(device.tenant) && isSensorId(device.sensorId)).toBe(true);
  }
});
