import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decide, initialMemory, recommendation, type HpaSpec, type ScalingRules } from "../hpa-model.ts";
import { hpaSettings, hpaSpec } from "../hpa-settings.ts";

const freely: ScalingRules = {
  stabilizationWindowSeconds: 0,
  selectPolicy: "Max",
  policies: [{ type: "Percent", value: 1000, periodSeconds: 15 }],
};
const downFreely: ScalingRules = { ...freely, policies: [{ type: "Percent", value: 100, periodSeconds: 15 }] };
const spec = (scaleUp: Partial<ScalingRules> = {}, scaleDown: Partial<ScalingRules> = {}): HpaSpec => ({
  minReplicas: 1,
  maxReplicas: 12,
  targets: [100],
  behavior: { scaleUp: { ...freely, ...scaleUp }, scaleDown: { ...downFreely, ...scaleDown } },
});

/** Replicas after each round of 15 s. */
function course(
  hpa: HpaSpec,
  start: number,
  metrics: readonly (number | undefined | readonly (number | undefined)[])[],
) {
  let memory = initialMemory(0, start);
  let replicas = start;
  return metrics.map((metric, round) => {
    const observed = Array.isArray(metric) ? (metric as (number | undefined)[]) : [metric as number | undefined];
    const decision = decide(hpa, memory, { atMs: (round + 1) * 15_000, replicas, metrics: observed });
    memory = decision.memory;
    replicas = decision.replicas;
    return replicas;
  });
}

describe("what a metric asks for", () => {
  test.each([
    // replicas, metric, wanted at a target of 100 each
    [1, 0, 0],
    [1, 1, 1],
    [1, 100, 1],
    [1, 110, 1],
    [1, 111, 2],
    [1, 250, 3],
    [2, 180, 2],
    [2, 179, 2],
    [3, 269, 3],
    [4, 200, 2],
    [4, 201, 3],
    [10, 1100, 10],
    [10, 1101, 12],
    [10, 899, 9],
    // A metric that was cut to 64 partitions would leave it here for ever: https://github.com/kedacore/keda/issues/2908
    [63, 6400, 63],
  ])("%d replicas, %d: %d", (replicas, metric, wanted) => expect(recommendation(replicas, metric, 100)).toBe(wanted));
});

describe("one round", () => {
  test("the bounds hold, and what is outside of them is brought in at once", () => {
    expect(course(spec(), 2, [0, 5000])).toEqual([1, 11]);
    expect(course(spec(), 2, [5000, 5000])).toEqual([12, 12]);
    expect(course(spec(), 20, [undefined])).toEqual([12]);
    expect(course({ ...spec(), minReplicas: 3 }, 2, [undefined])).toEqual([3]);
    expect(course(spec(), 0, [5000])).toEqual([0]);
  });

  test("an error keeps what is there, however long, and is not remembered", () => {
    expect(
      course(
        spec(),
        5,
        Array.from({ length: 100 }, () => undefined),
      ),
    ).toEqual(Array.from({ length: 100 }, () => 5));
    expect(
      course(spec({}, { stabilizationWindowSeconds: 60 }), 5, [undefined, undefined, undefined, undefined, 0]),
    ).toEqual([5, 5, 5, 5, 1]);
  });

  test("of two metrics the greater counts; with one unknown there may be more, not less", () => {
    const two = { ...spec(), targets: [100, 10] };
    expect(course(two, 2, [[500, 20]])).toEqual([5]);
    expect(course(two, 2, [[0, 70]])).toEqual([7]);
    expect(course(two, 4, [[0, undefined]])).toEqual([4]);
    expect(course(two, 4, [[undefined, 90]])).toEqual([9]);
    expect(course(two, 4, [[undefined, undefined]])).toEqual([4]);
  });

  test("up only to the lowest recommendation of the window; a dip begins it anew", () => {
    const hpa = spec({ stabilizationWindowSeconds: 30 });
    expect(course(hpa, 1, [500, 500, 500])).toEqual([1, 5, 5]);
    expect(course(hpa, 1, [500, 100, 500, 500])).toEqual([1, 1, 1, 5]);
    expect(course(hpa, 1, [500, 300, 900])).toEqual([1, 3, 3]);
  });

  test("down only to the highest recommendation of the window, the first one included", () => {
    const hpa = spec({}, { stabilizationWindowSeconds: 60 });
    expect(course(hpa, 5, [0, 0, 0, 0, 0])).toEqual([5, 5, 5, 1, 1]);
    expect(course(hpa, 5, [300, 0, 0, 0, 0])).toEqual([5, 5, 5, 3, 1]);
  });

  test.each([
    ["the greater of two pods and a half more", "Max", [3, 3, 3, 3, 5, 5, 5, 5, 8]],
    ["the smaller", "Min", [2, 2, 2, 2, 3, 3, 3, 3, 5]],
    ["none", "Disabled", [1, 1, 1, 1, 1, 1, 1, 1, 1]],
  ] as const)("up no faster than the policies: %s", (_name, selectPolicy, expected) => {
    const policies = [
      { type: "Pods", value: 2, periodSeconds: 60 },
      { type: "Percent", value: 50, periodSeconds: 60 },
    ] as const;
    const metrics = Array.from({ length: 9 }, () => 5000);
    expect(course(spec({ selectPolicy, policies: [...policies] }), 1, metrics)).toEqual(expected);
  });

  test("down no faster than the policies; a share is rounded down", () => {
    const one = [{ type: "Pods", value: 1, periodSeconds: 30 }] as const;
    expect(course(spec({}, { policies: [...one] }), 4, [0, 0, 0, 0, 0, 0, 0])).toEqual([3, 3, 2, 2, 1, 1, 1]);
    const half = [{ type: "Percent", value: 50, periodSeconds: 15 }] as const;
    expect(course(spec({}, { policies: [...half] }), 9, [0, 0, 0, 0])).toEqual([4, 2, 1, 1]);
  });

  test("what was removed a moment ago may come back at once", () => {
    const hpa = spec({ policies: [{ type: "Pods", value: 1, periodSeconds: 60 }] });
    expect(course(hpa, 6, [300, 600])).toEqual([3, 6]);
  });

  test("whatever comes: within the bounds, and no further in one round than one policy allows", () => {
    const hpa = hpaSpec(hpaSettings({ ...PROFILE, rowsPerSecond: 10, drainSeconds: 10 }));
    const metric = fc.option(fc.nat({ max: 3000 }), { nil: undefined });
    fc.assert(
      fc.property(fc.array(fc.tuple(metric, metric), { maxLength: 100 }), (metrics) => {
        let before = 1;
        for (const replicas of course(hpa, 1, metrics)) {
          const most = Math.max(before + 2, before * 2);
          if (replicas < 1 || replicas > 12 || replicas < before - 1 || replicas > most) return false;
          before = replicas;
        }
        return true;
      }),
    );
  });
});

const PROFILE = {
  rowsPerSecond: 1000,
  drainSeconds: 15,
  maxReplicas: 12,
  scaleDownStabilizationSeconds: 300,
  scaleDownPeriodSeconds: 120,
};

test("the settings: the target is what a writer drains in time, and the rate nine tenths of it", () => {
  const settings = hpaSettings(PROFILE);
  expect(settings).toMatchObject({ minReplicas: 1, maxReplicas: 12, averageValue: "15000" });
  expect(settings.metrics).toEqual([
    { name: "kafka_consumer_lag", averageValue: "15000" },
    { name: "kafka_topic_append_rate", averageValue: "900" },
  ]);
  expect(() => hpaSettings({ ...PROFILE, rowsPerSecond: 0 })).toThrow(RangeError);
  expect(() => hpaSettings({ ...PROFILE, drainSeconds: NaN })).toThrow(RangeError);
});
