import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { deviceStream } from "../random.ts";
import { dueTimeMs, history, nextDueMs } from "../schedule.ts";
import { HOUR_MS, indices, MINUTE_MS, moments, NOW_MS, seeds } from "./fleets.ts";

const streams = fc.tuple(seeds, indices).map(([seed, index]) => deviceStream(seed, index));
const timings = fc
  .integer({ min: 10, max: 100_000 })
  .chain((intervalMs) => fc.record({ intervalMs: fc.constant(intervalMs), jitterMs: fc.nat({ max: intervalMs - 1 }) }));

describe("due times", () => {
  test("rise, even with the greatest jitter, and every slot comes exactly once", () => {
    fc.assert(
      fc.property(streams, timings, moments, (stream, timing, afterMs) => {
        const first = Math.floor(afterMs / timing.intervalMs) - 3;
        const bySlot = Array.from({ length: 30 }, (_, offset) => dueTimeMs(stream, timing, first + offset));
        const later = bySlot.filter((dueMs) => dueMs > afterMs);
        const walked: number[] = [];
        for (let at = afterMs; walked.length < later.length; at = walked.at(-1)!)
          walked.push(nextDueMs(stream, timing, at));
        expect(walked).toEqual(later);
        expect(walked.every((dueMs, at) => at === 0 || dueMs > walked[at - 1]!)).toBe(true);
      }),
    );
  });

  test("stay within half of the jitter around the device's own place: it never adds up", () => {
    fc.assert(
      fc.property(streams, timings, fc.nat({ max: 1e8 }), (stream, timing, slot) => {
        const calm = dueTimeMs(stream, { ...timing, jitterMs: 0 }, slot);
        const offMs = dueTimeMs(stream, timing, slot) - calm;
        expect(Math.abs(offMs)).toBeLessThanOrEqual(timing.jitterMs / 2 + 0.5);
      }),
    );
  });

  test("jitter uses its whole width, early as often as late", () => {
    const timing = { intervalMs: 1000, jitterMs: 500 };
    const offs = Array.from({ length: 2000 }, (_, slot) => {
      const stream = deviceStream(1, 1);
      return dueTimeMs(stream, timing, slot) - dueTimeMs(stream, { ...timing, jitterMs: 0 }, slot);
    });
    expect(Math.min(...offs)).toBeLessThan(-240);
    expect(Math.max(...offs)).toBeGreaterThan(240);
    expect(Math.abs(offs.filter((off) => off < 0).length - 1000)).toBeLessThan(100);
  });

  test("a fleet does not speak all at once", () => {
    const timing = { intervalMs: 1000, jitterMs: 0 };
    const places = Array.from({ length: 1000 }, (_, index) => dueTimeMs(deviceStream(1, index), timing, 0));
    for (const tenth of Array.from({ length: 10 }, (_, number) => number))
      expect(places.filter((place) => Math.floor(place / 100) === tenth).length).toBeGreaterThan(60);
  });
});

describe("history", () => {
  const past = [...history({ seed: 5, historyMs: HOUR_MS }, { from: 3, to: 13 }, NOW_MS)];

  test("is one reading a minute of each device, before the start", () => {
    for (let index = 3; index < 13; index += 1) {
      const times = past.filter((reading) => reading.index === index).map(({ timeMs }) => timeMs);
      expect(times).toHaveLength(60);
      expect(times.slice(1).every((timeMs, at) => timeMs - times[at]! === MINUTE_MS)).toBe(true);
      expect(times[0]).toBeGreaterThanOrEqual(NOW_MS - HOUR_MS);
      expect(times.at(-1)).toBeLessThan(NOW_MS);
    }
    expect(past).toHaveLength(600);
  });

  test("goes forward in step: nobody starts a minute before all others ended the one before", () => {
    const minutes = past.map(({ timeMs }) => Math.floor(timeMs / MINUTE_MS));
    expect(minutes).toEqual(minutes.toSorted((a, b) => a - b));
  });

  test("a day of a large fleet is not made before it is asked for", () => {
    const readings = history({ seed: 1, historyMs: 24 * HOUR_MS }, { from: 0, to: 1_000_000 }, NOW_MS);
    expect(readings.next().done).toBe(false);
  });

  test("none is none", () => {
    expect([...history({ seed: 1, historyMs: 0 }, { from: 0, to: 100 }, NOW_MS)]).toEqual([]);
  });

  test("a device has the same past in any range of devices", () => {
    const alone = [...history({ seed: 5, historyMs: HOUR_MS }, { from: 7, to: 8 }, NOW_MS)];
    expect(alone).toEqual(past.filter(({ index }) => index === 7));
  });
});
