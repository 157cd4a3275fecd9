import { describe, expect, test } from "vitest";
import { kafkaTopics } from "#events";
import { readInputs } from "../../config.ts";
import { gke } from "../../profiles/gke.ts";
import { portable } from "../../profiles/portable.ts";
import { hpaSettings, hpaSpec } from "../hpa-settings.ts";
import { directionChanges, run, seeded, type Course, type Second } from "./closed-loop.ts";

const HOUR = 3600;
const SEEDS = [1, 2, 3, 4, 5];

/** In writers' loads, so that the courses fit every profile. */
interface Played extends Partial<Omit<Course, "arrivals" | "spec" | "random">> {
  readonly load: (second: number, random: () => number) => number;
}

describe.each([portable(readInputs({})), gke(readInputs({}))])("$name", ({ writer }) => {
  const spec = hpaSpec(hpaSettings(writer));
  const target = spec.targets[0] ?? NaN;

  /** Once for each seed: the phases of the clocks and the noise are different. */
  const play = ({ load, seconds = HOUR, backlog = 0, ...rest }: Played, hpa = spec): Second[][] =>
    SEEDS.map((seed) => {
      const random = seeded(seed);
      const arrivals = (second: number): number => load(second, random) * writer.rowsPerSecond;
      const course = { spec: hpa, rowsPerSecond: writer.rowsPerSecond, seconds, random, ...rest };
      return run({ ...course, arrivals, backlog: backlog * writer.rowsPerSecond });
    });
  const replicasOf = (course: readonly Second[]): number[] => course.map(({ replicas }) => replicas);
  const changesOf = (played: Played, hpa = spec): number =>
    Math.max(...play(played, hpa).map((course) => directionChanges(replicasOf(course))));

  test("there are never more writers than partitions", () =>
    expect(spec.maxReplicas).toBeLessThanOrEqual(kafkaTopics.readings.partitions));

  test("a surge: more within 60 s of a lag over the target, the lag is drained, one writer again, one change of direction", () => {
    for (const course of play({ load: (second) => (second >= 300 && second < 900 ? 2.5 : 0.3) })) {
      const over = course.findIndex(({ lag }) => lag > target * 1.1);
      const more = course.findIndex(({ replicas }) => replicas > 1);
      expect(over).toBeGreaterThan(300);
      expect(more - over).toBeLessThanOrEqual(60);
      expect(directionChanges(replicasOf(course))).toBe(1);
      expect(course.at(-1)).toMatchObject({ replicas: 1 });
      expect(course.at(-1)?.lag).toBeLessThan(writer.rowsPerSecond);
      // Drained while the surge is still there.
      expect(course[899]?.lag).toBeLessThan(target);
    }
  });

  test.each([1.2, 1.5, 1.95, 2.5, 3.2])("a load of %d writers that lasts is carried, and the lag drained", (load) => {
    for (const course of play({ load: () => load })) {
      expect(directionChanges(replicasOf(course))).toBeLessThanOrEqual(1);
      expect(course.at(-1)?.replicas).toBeGreaterThanOrEqual(Math.ceil(load));
      expect(course.at(-1)?.replicas).toBeLessThanOrEqual(Math.ceil(load / 0.9));
      expect(course.at(-1)?.lag).toBeLessThan(target);
    }
  });

  test("by the lag alone the writers that a lasting load needs would come and go", () =>
    expect(changesOf({ load: () => 2.5 }, { ...spec, targets: [target] })).toBeGreaterThan(8));

  test.each<[string, number, Played]>([
    ["a ramp up and down", 1, { load: (second) => Math.max(0.2, Math.min(second, HOUR - second) / 600) }],
    ["noise around one writer's load", 1, { load: (_second, random) => 0.7 + 0.6 * random() }],
    ["noise around two writers' load", 2, { load: (_second, random) => 1.4 + 1.2 * random() }],
    ["waves faster than the window", 2, { load: (second) => 1.6 + Math.sin(second / 20) }],
    ["bursts of ten seconds each minute", 1, { load: (second) => (second % 60 < 10 ? 3 : 0.2) }],
    ["rare commits", 0, { load: () => 0.85, commitSeconds: 12 }],
    [
      "a writer that is replaced every two minutes",
      1,
      { load: () => 0.8, isRestarted: (second) => second % 120 === 0 },
    ],
    ["an old backlog", 1, { load: () => 0.3, backlog: 400 }],
    ["BigQuery away for five minutes", 1, { load: () => 0.6, isStoring: (second) => second < 600 || second > 900 }],
    ["twice what all of them can do", 0, { load: () => 2 * spec.maxReplicas }],
    ["nothing at all", 0, { load: () => 0 }],
  ])("%s: at most %d changes of direction", (_name, most, played) =>
    expect(changesOf(played)).toBeLessThanOrEqual(most),
  );

  test("while the lag is not known nothing changes", () => {
    const away = (second: number): boolean => second >= 700 && second < 1900;
    for (const course of play({ load: (second) => (second < 1000 ? 2.5 : 0), isKnown: (second) => !away(second) })) {
      const during = course.filter((_second, index) => away(index)).map(({ replicas }) => replicas);
      expect(new Set(during)).toEqual(new Set([course[699]?.replicas]));
      expect(during[0]).toBeGreaterThan(1);
      expect(course.at(-1)).toMatchObject({ replicas: 1 });
    }
  });
});
