import { Histogram, Registry } from "prom-client";
import { ManualClock } from "#runtime";
import { expect, test } from "vitest";
import { liveLine, liveTable } from "../live-table.ts";
import type { Snapshot } from "../observer.ts";
import { bucketsOf, quantile, since } from "../quantiles.ts";
import { resultTable } from "../result-table.ts";
import { readSamples, total } from "../samples.ts";
import { settled } from "../settle.ts";

async function exposed(): Promise<string> {
  const registry = new Registry();
  const options = { help: "h", registers: [registry], buckets: [1, 2, 4], labelNames: ["kind"] };
  const histogram = new Histogram({ name: "x_seconds", ...options });
  for (const value of [0.5, 1.5, 1.5, 3]) histogram.observe({ kind: "a" }, value);
  histogram.observe({ kind: "b" }, 9);
  return registry.metrics();
}

test("what a program exposes is read back, over all its series", async () => {
  const samples = readSamples(await exposed());
  expect(total(samples, "x_seconds_count")).toBe(5);
  expect(total(samples, "x_seconds_sum")).toBe(15.5);
  expect([...bucketsOf(samples, "x_seconds")]).toEqual([
    [1, 1],
    [2, 3],
    [4, 4],
    [Infinity, 5],
  ]);
});

const buckets = new Map([
  [1, 1],
  [2, 3],
  [4, 4],
  [Infinity, 4],
]);

test.each([
  [0, 0],
  [0.25, 1],
  [0.5, 1.5],
  [0.75, 2],
  [1, 4],
])("quantile %d lies straight within its bucket", (share, value) => expect(quantile(buckets, share)).toBe(value));

test("beyond the last bound nobody knows, so the bound is the answer; of nothing there is none", () => {
  expect(
    quantile(
      new Map([
        [1, 1],
        [Infinity, 9],
      ]),
      0.9,
    ),
  ).toBe(1);
  expect(
    quantile(
      new Map([
        [1, 0],
        [Infinity, 0],
      ]),
      0.5,
    ),
  ).toBeUndefined();
  expect(quantile(new Map(), 0.5)).toBeUndefined();
});

test("between two looks only what is new counts", () => {
  expect([
    ...since(
      new Map([
        [1, 1],
        [2, 3],
      ]),
      buckets,
    ),
  ]).toEqual([
    [1, 0],
    [2, 0],
    [4, 4],
    [Infinity, 4],
  ]);
});

const snapshot = (more: Partial<Snapshot> = {}): Snapshot => ({
  atMs: 1000,
  devices: 210,
  connected: 209,
  sent: 1500,
  acknowledged: 1490,
  inKafka: 1480,
  beforeKafka: 7,
  deadLetters: 3,
  lag: 12,
  inBigQuery: 1468,
  lost: 0,
  storedTwice: 0,
  redelivered: 4,
  latency: buckets,
  ...more,
});

test("rates are over the time that passed, and missing numbers are no zeros", () => {
  const looks = { now: snapshot({ atMs: 3000 }), before: snapshot({ inBigQuery: 1268 }), elapsedMs: 61_500 };
  expect(liveLine(looks)).toBe(
    "01:01 sent=1500 acked=1490 kafka=1480 bigquery=1468 dead=3 rate=100/s before-kafka=7 lag=12 p50=1500ms p95=3600ms p99=3920ms lost=0 twice=0 redelivered=4",
  );
  expect(liveTable(looks)).toMatch(
    /209 of 210 devices[^]*in BigQuery[^\n]*1,468[^\n]*100[^]*7 between Mosquitto and Kafka, 12 between/,
  );
  expect(liveLine({ ...looks, now: snapshot({ latency: new Map() }), before: undefined })).toMatch(
    /rate=0\/s .*p50=– /,
  );
});

test("results as text: times, structs, NULL", () => {
  const text = resultTable([
    { at: { value: "2026-01-01" }, list: [{ value: "x" }, { a: 1 }], none: null, n: Infinity },
  ]);
  expect(text).toMatch(/at[^\n]*list[^]*2026-01-01[^\n]*\["x",\{"a":1\}\][^\n]*NULL[^\n]*Infinity[^]*\(1 row\)/);
  expect(resultTable([])).toBe("(no rows)");
});

test.each([
  ["is enough and stands still", [1, 5, 5, 5, 5, 5], 5, true],
  ["goes on beyond enough", [5, 6, 7, 7, 7, 7, 7], 5, true],
  ["stands still before it is enough", [1, 2, 2, 2, 2, 2, 2, 2, 2, 2], 5, false],
])("a number that %s", async (_case, values, enough, expected) => {
  const clock = new ManualClock();
  let reads = 0;
  const result = settled({
    clock,
    read: () => Promise.resolve(values[Math.min(reads++, values.length - 1)]!),
    isEnough: (value) => value >= enough,
    stillForMs: 300,
    patienceMs: 500,
  });
  const advancing = (async () => {
    for (let step = 0; step < 30; step += 1) await clock.advance(100);
  })();
  expect(await result).toBe(expected);
  await advancing;
});
