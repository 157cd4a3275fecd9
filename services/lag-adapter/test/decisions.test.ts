import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AppendRate } from "../append-rate.ts";
import { EndSamples } from "../end-samples.ts";
import { metricValues, type Series } from "../api/external-metrics.ts";
import { ManualClock } from "#runtime/manual-clock";
import { HeldValue, type Held } from "../held-value.ts";
import { parseSelector, SelectorError } from "../api/label-selector.ts";

describe("how long the oldest record has waited", () => {
  const samples = () => {
    const ends = new EndSamples(4);
    for (const [atMs, end] of [
      [1000, 10n],
      [2000, 10n],
      [3000, 15n],
      [4000, 20n],
    ] as const)
      ends.add(atMs, end);
    return ends;
  };

  test.each([
    [20n, 0],
    [25n, 0],
    [19n, 1000],
    [15n, 1000],
    [14n, 2000],
    [10n, 2000],
    [9n, 4000],
    [0n, 4000],
  ])("committed %d", (committed, ageMs) => expect(samples().ageMs(committed, 5000)).toBe(ageMs));

  test("of nothing nothing is known, and a clock that was set back gives no negative age", () => {
    expect(new EndSamples().ageMs(0n, 5000)).toBe(0);
    expect(samples().ageMs(0n, 500)).toBe(0);
  });

  test("a log that was truncated starts anew", () => {
    const ends = samples();
    ends.add(5000, 3n);
    expect(ends.ageMs(2n, 6000)).toBe(1000);
  });

  test("forgetting what was consumed changes no age", () => {
    const ends = samples();
    ends.forget(14n);
    expect([ends.ageMs(14n, 5000), ends.ageMs(19n, 5000), ends.ageMs(20n, 5000)]).toEqual([2000, 1000, 0]);
    ends.forget(20n);
    ends.add(6000, 21n);
    expect(ends.ageMs(20n, 7000)).toBe(1000);
  });

  test("a bounded memory errs by its own coarseness, and never says too much", () => {
    const steps = fc.array(fc.nat({ max: 5 }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(steps, fc.nat({ max: 600 }), (increments, committed) => {
        const [exact, coarse] = [new EndSamples(10_000), new EndSamples(8)];
        let end = 0n;
        for (const [index, increment] of increments.entries()) {
          end += BigInt(increment);
          for (const ends of [exact, coarse]) ends.add(index, end);
        }
        const nowMs = increments.length;
        return coarse.ageMs(BigInt(committed), nowMs) <= exact.ageMs(BigInt(committed), nowMs);
      }),
    );
  });
});

describe("how fast a log grows", () => {
  const rateOf = (samples: readonly (readonly [number, bigint])[], windowMs = 60_000): number | undefined => {
    const rate = new AppendRate(windowMs);
    for (const [atMs, end] of samples) rate.add(atMs, end);
    return rate.perSecond();
  };

  test.each([
    ["nothing seen", [], undefined],
    ["seen once", [[0, 100n]], undefined],
    [
      "seen twice",
      [
        [0, 100n],
        [5000, 1100n],
      ],
      200,
    ],
    [
      "nothing new",
      [
        [0, 100n],
        [5000, 100n],
      ],
      0,
    ],
    [
      "what lies before the window counts no more",
      [
        [0, 0n],
        [30_000, 9000n],
        [90_000, 9600n],
      ],
      10,
    ],
    [
      "the window begins between two",
      [
        [0, 0n],
        [40_000, 400n],
        [90_000, 900n],
      ],
      10,
    ],
    [
      "a truncated log",
      [
        [0, 1000n],
        [1000, 10n],
        [2000, 20n],
      ],
      10,
    ],
    [
      "a clock that was set back",
      [
        [5000, 0n],
        [1000, 10n],
        [2000, 30n],
      ],
      20,
    ],
  ] as const)("%s", (_name, samples, expected) => expect(rateOf(samples)).toBe(expected));
});

describe("the last good value", () => {
  test("is served for its time and not a moment longer; nothing is never 0", async () => {
    const clock = new ManualClock(1000);
    const held = new HeldValue<number>(60_000, clock);
    expect(held.read()).toEqual({ kind: "unknown", reason: "not read yet" });
    held.fail("no broker");
    expect(held.read()).toEqual({ kind: "unknown", reason: "no broker" });
    held.succeed(7);
    held.fail("no broker");
    await clock.advance(60_000);
    expect(held.read()).toEqual({ kind: "known", value: 7, atMs: 1000 });
    await clock.advance(1);
    expect(held.read()).toEqual({ kind: "unknown", reason: "the last good value is 60 s old: no broker" });
    held.succeed(0);
    expect(held.read()).toMatchObject({ kind: "known", value: 0 });
  });

  test("a wall clock that is set back does not make it last longer", async () => {
    const clock = new ManualClock(1_000_000);
    let wallMs = clock.nowMs();
    const held = new HeldValue<number>(60_000, { nowMs: () => wallMs, monotonicMs: () => clock.monotonicMs() });
    held.succeed(7);
    wallMs -= 3_600_000;
    await clock.advance(60_001);
    expect(held.read()).toMatchObject({ kind: "unknown" });
  });
});

describe("label selectors", () => {
  const labels = { group: "bq-writer", topic: "readings" };

  test.each([
    ["", true],
    ["group=bq-writer", true],
    ["group==bq-writer,topic=readings", true],
    ["group = bq-writer , topic != windows-5m", true],
    ["group=archiver", false],
    ["group!=bq-writer", false],
    ["topic in (windows-5m, readings),group", true],
    ["topic in (windows-5m)", false],
    ["topic notin (windows-5m,x)", true],
    ["absent notin (x)", true],
    ["absent!=x", true],
    ["absent=", false],
    ["absent", false],
    ["!absent,topic", true],
    ["!topic", false],
    ["app.kubernetes.io/name=x", false],
  ])("%j", (selector, fits) => expect(parseSelector(selector)(labels)).toBe(fits));

  test.each(["=x", "group=bq writer", "topic in readings", "topic in (a", "a,,b", "group>3", "group=(x)"])(
    "%j is none",
    (text) => expect(() => parseSelector(text)).toThrow(SelectorError),
  );
});

describe("the answers", () => {
  const METRIC = "kafka_consumer_lag";
  const series = (group: string, held: Held<number>, metric = METRIC): Series => ({
    metric,
    labels: { group, topic: "readings" },
    read: () => held,
  });
  const known = (value: number): Held<number> => ({ kind: "known", value, atMs: Date.UTC(2026, 0, 2, 3, 4, 5, 678) });
  const all = [
    series("a", known(1200)),
    series("b", { kind: "unknown", reason: "no broker" }),
    series("a", known(12.3456), "kafka_consumer_lag_seconds"),
  ];

  test.each([
    [METRIC, "1200"],
    ["kafka_consumer_lag_seconds", "12346m"],
  ])("one value per series of %s that fits", (metric, value) => {
    expect(metricValues(all, metric, "group=a")).toEqual({
      status: 200,
      body: {
        kind: "ExternalMetricValueList",
        apiVersion: "external.metrics.k8s.io/v1beta1",
        metadata: {},
        items: [
          {
            metricName: metric,
            metricLabels: { group: "a", topic: "readings" },
            timestamp: "2026-01-02T03:04:05Z",
            value,
          },
        ],
      },
    });
  });

  test("a value that is not known is an error, never left out and never 0", () => {
    expect(metricValues(all, METRIC, "")).toMatchObject({
      status: 503,
      body: { kind: "Status", code: 503, message: 'kafka_consumer_lag{group="b",topic="readings"}: no broker' },
    });
  });

  test("a metric that nobody knows is an empty list; a selector that is none is refused", () => {
    expect(metricValues(all, "other", "")).toMatchObject({ status: 200, body: { items: [] } });
    expect(metricValues(all, METRIC, "a b")).toMatchObject({ status: 400, body: { reason: "BadRequest" } });
  });
});
