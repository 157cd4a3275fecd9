import { Registry } from "prom-client";
import { expect, test } from "vitest";
import { scrapedMetrics } from "#runtime";

test("counters and gauges have the value that their owner has at the scrape", async () => {
  const registry = new Registry();
  const { counter, gauge } = scrapedMetrics(registry, "part");
  let value = 2;
  counter("done_total", "Done.", () => value);
  gauge("waiting", "Waiting.", () => -value);
  for (value of [2, 5, 5])
    expect((await registry.metrics()).split("\n").filter((line) => line.startsWith("part_"))).toEqual([
      `part_done_total ${value}`,
      `part_waiting ${-value}`,
    ]);
});

test("what its owner does not know (yet) has no series", async () => {
  const registry = new Registry();
  const { counter, gauge } = scrapedMetrics(registry, "part");
  let value: number | undefined;
  counter("done_total", "Done.", () => value);
  gauge("waiting", "Waiting.", () => value);
  for (const [given, series] of [
    [undefined, []],
    [7, ["part_done_total 7", "part_waiting 7"]],
    [undefined, []],
  ] as const) {
    value = given;
    expect((await registry.metrics()).split("\n").filter((line) => line.startsWith("part_"))).toEqual(series);
  }
});
