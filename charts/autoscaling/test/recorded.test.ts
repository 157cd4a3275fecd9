import { readFileSync } from "node:fs";
import { parse } from "csv-parse/sync";
import { expect, test } from "vitest";
import { readInputs } from "../../config.ts";
import { portable } from "../../profiles/portable.ts";
import { decide, initialMemory, SYNC_MS } from "../hpa-model.ts";
import { hpaSettings, hpaSpec } from "../hpa-settings.ts";
import { directionChanges } from "./closed-loop.ts";

interface Row {
  readonly second: number;
  readonly lag: number;
  readonly inputPerSecond: number;
  readonly desired: number;
  readonly ready: number;
}

/**
 * Written by `make hpa-demo` on a single-node cluster: 2,000 devices for 85 s beside 200 others, the portable set's
 * settings, Kubernetes 1.34.
 */
const recorded = parse(readFileSync(new URL("recorded-lag.csv", import.meta.url)), {
  columns: true,
  cast: (value, { header }) => (header ? value : Number(value)),
}) as unknown as Row[];

const RATE_SECONDS = 60;
const spec = hpaSpec(hpaSettings(portable(readInputs({})).writer));

/** What the model decides on what was recorded. */
const modelled = model();

test("the recording shows a surge: more lag than one writer's target, and a second writer", () => {
  expect(Math.max(...recorded.map(({ lag }) => lag))).toBeGreaterThan(spec.targets[0] ?? Infinity);
  expect(Math.max(...recorded.map(({ ready }) => ready))).toBeGreaterThan(1);
});

test("on the recorded lag the settings do not flap: up once, down once, one writer at the end", () => {
  expect(Math.max(...modelled)).toBeGreaterThan(1);
  expect(directionChanges(modelled)).toBeLessThanOrEqual(2);
  expect(modelled.at(-1)).toBe(1);
});

test("the model asks for as many writers as the real controller did, give or take one", () => {
  const real = Math.max(...recorded.map(({ desired }) => desired));
  expect(Math.abs(Math.max(...modelled) - real)).toBeLessThanOrEqual(1);
  expect(directionChanges(modelled)).toBe(directionChanges(recorded.map(({ desired }) => desired)));
});

function model(): number[] {
  const last = recorded.at(-1)?.second ?? 0;
  // A little longer than recorded: the recording ends in the moment in which the last writer left.
  const rounds = Math.ceil(((last + 60) * 1000) / SYNC_MS);
  let [replicas, memory] = [1, initialMemory(0, 1)];
  return Array.from({ length: rounds }, (_, round) => {
    const atMs = round * SYNC_MS;
    ({ replicas, memory } = decide(spec, memory, { atMs, replicas, metrics: seenAt(atMs / 1000) }));
    return replicas;
  });
}

/** Lag, and the average of a minute's input (it was recorded second by second), as the adapter would have told them. */
function seenAt(second: number): [number | undefined, number | undefined] {
  const before = recorded.filter((row) => row.second <= second);
  const minute = before.filter((row) => row.second > second - RATE_SECONDS && row.inputPerSecond > 0);
  const rate = minute.reduce((sum, { inputPerSecond }) => sum + inputPerSecond, 0) / minute.length;
  return [before.at(-1)?.lag, minute.length === 0 ? undefined : rate];
}
