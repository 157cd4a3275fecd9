import { describe, expect, test } from "vitest";
import { MAX_DEVICES } from "#fleets";
import { decimal } from "../cluster.ts";
import { devicesFor, readConfig } from "../config.ts";
import { directionChanges, judge, MAX_DECISION_SECONDS, problems } from "../judge.ts";
import { csv, line, type Sample } from "../sample.ts";
import { timelineSvg } from "../timeline.ts";

const TARGET = 15_000;

function sample(second: number, lag: number | undefined, desired: number, ready: number, isLoaded: boolean): Sample {
  return { second, inputPerSecond: isLoaded ? 2000 : 0, lag, desired, ready, isLoaded };
}

const good: readonly Sample[] = [
  sample(0, 0, 1, 1, true),
  sample(20, 20_000, 1, 1, true),
  sample(60, 70_000, 3, 1, true),
  sample(80, 60_000, 3, 3, true),
  sample(90, 50_000, 4, 4, false),
  sample(110, 9_000, 4, 4, false),
  sample(230, 0, 3, 3, false),
  sample(350, 0, 1, 1, false),
];

/** A run as it should be, but for the time from the lag over the target, at 20 s, to the wish for more writers. */
function late(decisionSeconds: number): Sample[] {
  return good.map((each) => (each.second < 60 ? each : { ...each, second: each.second - 40 + decisionSeconds }));
}

describe("what the samples show", () => {
  test("a run as it should be", () => {
    const verdict = judge(good, TARGET);
    expect(verdict).toEqual({
      decisionSeconds: 40,
      mostWriters: 4,
      highestLag: 70_000,
      drainSeconds: 20,
      backToOneSeconds: 260,
      directionChanges: 1,
    });
    expect(problems(verdict)).toEqual([]);
  });

  test.each([
    ["no decision", good.map((each) => ({ ...each, desired: 1, ready: 1 })), /never asked for more/],
    ["a late decision", late(61), /after 61 s, later than 60 s/],
    ["lag that stays", good.map((each) => ({ ...each, lag: 20_000 })), /did not go away/],
    ["writers that stay", good.slice(0, -1), /more than one writer is left/],
    ["flapping", [...good, ...good.slice(1), ...good.slice(1)], /turned 5 times/],
  ])("%s is a problem", (_name, samples, problem) => {
    expect(problems(judge(samples, TARGET)).join()).toMatch(problem);
  });

  test("a decision at the bound is in time", () => {
    expect(problems(judge(late(MAX_DECISION_SECONDS), TARGET))).toEqual([]);
  });

  test("looks without an answer change nothing of it", () => {
    const gap = { lag: undefined, desired: undefined, ready: undefined };
    const gappy = good.flatMap((each) => [each, { ...each, ...gap, second: each.second + 1 }]);
    expect(judge(gappy, TARGET)).toEqual(judge(good, TARGET));
  });

  test.each([
    [[1, 1, 1], 0],
    [[1, 3, 4], 0],
    [[1, 3, 3, 2, 1], 1],
    [[1, 2, 1, 2], 2],
    [[], 0],
  ])("%j turns %i times", (series, turns) => expect(directionChanges(series)).toBe(turns));
});

test("a lag that could not be read is a gap, not a zero", () => {
  expect(csv([sample(4, undefined, 1, 1, true)])).toBe(
    "second,inputPerSecond,lag,desired,ready,isLoaded\n4,2000,,1,1,true\n",
  );
  expect(line(sample(65, undefined, 2, 1, true))).toBe("  1:05    2,000/s  lag         ?  writers 1 of 2  load on");
});

test("the timeline is a picture with all three rows", () => {
  const svg = timelineSvg(good, TARGET);
  expect(svg).toMatch(/^<svg/);
  for (const text of ["Input, records/s", "Lag, records", "Writers, pods", "load off", "desired"])
    expect(svg).toContain(text);
});

test.each([
  ["15k", 15_000],
  ["90", 90],
  ["1500m", 1.5],
  ["", NaN],
  ["15Ki", NaN],
])("the quantity %j is %d", (text, value) => expect(decimal(text)).toBe(value));

test.each([
  [900, 2000],
  [9000, 19_800],
  [1, 100],
  [1e9, MAX_DEVICES],
])("a writer that takes %d a second is given %d devices", (rate, devices) => expect(devicesFor(rate)).toBe(devices));

test("an autoscaler without that target needs the number", () => expect(() => devicesFor(NaN)).toThrow(/give DEVICES/));

test("devices are given by the environment: an argument is refused", () => {
  expect(readConfig({ DEVICES: "4000" }).DEVICES).toBe(4000);
  expect(() => readConfig({}, ["4000"])).toThrow('"4000" is no argument of this program');
});
