import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Fault } from "#fleets";
import { corruptions } from "../corrupt-payload.ts";
import type { VirtualDevice } from "../device.ts";
import { measureWithMishaps, mishapsOf, noMishaps, type Mishaps } from "../faults.ts";
import { measure } from "../measure.ts";
import { deviceAt, devices, faultRules, HOUR_MS, MINUTE_MS, moments, NOW_MS } from "./fleets.ts";

const park = deviceAt("park");
const STEPS = 5000;

/** What happens to one reading a second. */
const everySecond = (faults: readonly Fault[], device: VirtualDevice = park): Mishaps[] =>
  Array.from({ length: STEPS }, (_, step) => mishapsOf(faults, device, NOW_MS + step * 1000));

const share = (mishaps: readonly Mishaps[], hit: (mishap: Mishaps) => boolean): number =>
  mishaps.filter(hit).length / mishaps.length;

describe("faults of single readings", () => {
  test.each<{ rule: Record<string, unknown>; hit: (mishaps: Mishaps) => boolean }>([
    { rule: { type: "Duplicate" }, hit: ({ extraCopies }) => extraCopies === 1 },
    { rule: { type: "Late", delay: "5m" }, hit: ({ delayMs }) => delayMs === 300_000 },
    { rule: { type: "OutOfOrder" }, hit: ({ afterNext }) => afterNext },
    { rule: { type: "CorruptPayload" }, hit: ({ corruption }) => corruption !== undefined },
    { rule: { type: "Spike", field: "temperature_c", by: 40 }, hit: ({ offsets }) => offsets[0]?.by === 40 },
  ])("$rule.type hits the share of readings asked for, and nothing else happens", ({ rule, hit }) => {
    for (const readings of [0, 20, 100]) {
      const mishaps = everySecond(faultRules({ ...rule, readings: `${readings}%` }));
      expect(Math.abs(share(mishaps, hit) - readings / 100)).toBeLessThan(readings % 100 === 0 ? 1e-9 : 0.03);
      expect(mishaps.filter((mishap) => !hit(mishap)).every((mishap) => mishap === noMishaps)).toBe(true);
    }
  });

  test.each(["5%", "100%"])("every corruption comes, also to %s of the readings", (readings) => {
    const mishaps = everySecond(faultRules({ type: "CorruptPayload", readings }));
    const broken = mishaps.flatMap(({ corruption }) => corruption ?? []);
    expect(new Set(broken).size).toBe(corruptions.length);
  });

  test("two rules decide independently and add up", () => {
    const rule = { type: "Duplicate", readings: "50%" };
    const mishaps = everySecond(faultRules(rule, rule));
    for (const [copies, expected] of [0.25, 0.5, 0.25].entries())
      expect(share(mishaps, ({ extraCopies }) => extraCopies === copies)).toBeCloseTo(expected, 1);
  });

  test("of delays the longest counts", () => {
    const [long, short] = ["2m", "1m"].map((delay) => ({ type: "Late", readings: "100%", delay }));
    expect(mishapsOf(faultRules(long!, short!), park, NOW_MS).delayMs).toBe(120_000);
  });
});

const episode = { devices: "100%", every: "10m", duration: "1m" };

describe("episodes", () => {
  test.each<{ rule: Record<string, unknown>; hit: (mishaps: Mishaps) => boolean }>([
    { rule: { type: "Disconnect" }, hit: ({ offlineUntilMs }) => offlineUntilMs !== undefined },
    { rule: { type: "StuckValue", field: "humidity_pct" }, hit: ({ stuck }) => stuck.length === 1 },
    { rule: { type: "Drift", field: "humidity_pct", perHour: 3 }, hit: ({ offsets }) => offsets.length === 1 },
    { rule: { type: "ClockSkew", offsetSeconds: -90 }, hit: ({ clockOffsetMs }) => clockOffsetMs === -90_000 },
  ])("$rule.type comes once in each `every`, in one piece of its duration", ({ rule, hit }) => {
    const slot = Math.ceil(NOW_MS / (10 * MINUTE_MS)) * 10 * MINUTE_MS;
    const faults = faultRules({ ...rule, ...episode });
    for (const slotMs of [0, 1, 2, 3].map((number) => slot + number * 10 * MINUTE_MS)) {
      const seconds = Array.from({ length: 600 }, (_, second) => second);
      const hits = seconds.filter((second) => hit(mishapsOf(faults, park, slotMs + second * 1000)));
      expect(hits).toHaveLength(60);
      expect(hits.at(-1)! - hits[0]!).toBe(59);
    }
  });

  test("befall the share of devices asked for, always the same ones", () => {
    const faults = faultRules({ type: "Disconnect", devices: "20%", every: "10m", duration: "10m" });
    const struck = (timeMs: number): number[] =>
      Array.from({ length: 2000 }, (_, index) => index).filter(
        (index) => mishapsOf(faults, deviceAt("park", index), timeMs).offlineUntilMs !== undefined,
      );
    expect(Math.abs(struck(NOW_MS).length - 400)).toBeLessThan(60);
    expect(struck(NOW_MS + HOUR_MS)).toEqual(struck(NOW_MS));
  });

  test("a disconnect says when it ends", () => {
    const faults = faultRules({ type: "Disconnect", ...episode });
    for (const [second, { offlineUntilMs }] of everySecond(faults).entries()) {
      if (offlineUntilMs === undefined) continue;
      expect(offlineUntilMs).toBeGreaterThan(NOW_MS + second * 1000);
      expect(mishapsOf(faults, park, offlineUntilMs - 1).offlineUntilMs).toBe(offlineUntilMs);
      expect(mishapsOf(faults, park, offlineUntilMs).offlineUntilMs).not.toBe(offlineUntilMs);
    }
  });
});

describe("measureWithMishaps", () => {
  test("without mishaps is measure", () => {
    fc.assert(
      fc.property(devices, moments, (device, timeMs) => {
        expect(measureWithMishaps(device, timeMs, noMishaps)).toEqual(measure(device, timeMs));
      }),
    );
  });

  test("a stuck value stays as it was at the beginning, the other goes on", () => {
    const faults = faultRules({ type: "StuckValue", field: "temperature_c", ...episode, duration: "10m" });
    const slotMs = Math.ceil(NOW_MS / (10 * MINUTE_MS)) * 10 * MINUTE_MS;
    const readings = Array.from({ length: 100 }, (_, step) => slotMs + step * 1000).map((timeMs) =>
      measureWithMishaps(park, timeMs, mishapsOf(faults, park, timeMs)),
    );
    expect(new Set(readings.map(({ temperature_c }) => temperature_c))).toEqual(
      new Set([measure(park, slotMs).temperature_c]),
    );
    expect(new Set(readings.map(({ humidity_pct }) => humidity_pct)).size).toBeGreaterThan(50);
  });

  test("a drift grows with time from its beginning", () => {
    const rule = { type: "Drift", field: "temperature_c", perHour: 10, devices: "100%", every: "1h", duration: "1h" };
    const hourMs = Math.ceil(NOW_MS / HOUR_MS) * HOUR_MS;
    const byAt = (minutes: number): number | undefined =>
      mishapsOf(faultRules(rule), park, hourMs + minutes * MINUTE_MS).offsets[0]?.by;
    expect([0, 30, 60].map(byAt)).toEqual([0, 5, 0]);
  });

  test.each([{ by: 40 }, { by: 1000 }, { by: -1000 }])(
    "a spike of $by stays within what a sensor can say",
    ({ by }) => {
      const spike = { ...noMishaps, offsets: [{ field: "temperature_c", by } as const] };
      const truth = measure(park, NOW_MS);
      const expected = Math.min(200, Math.max(-90, truth.temperature_c + by));
      expect(measureWithMishaps(park, NOW_MS, spike)).toEqual({
        ...truth,
        temperature_c: Math.round(expected * 100) / 100,
      });
    },
  );
});
