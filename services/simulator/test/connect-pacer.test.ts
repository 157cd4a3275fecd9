import { expect, test } from "vitest";
import { ManualClock } from "#runtime";
import { ConnectPacer } from "../connect-pacer.ts";

test("connects are spread, however many ask at once", async () => {
  const clock = new ManualClock();
  const pacer = new ConnectPacer(clock, 200);
  const never = new AbortController().signal;
  const turnsMs: number[] = [];
  for (let device = 0; device < 100; device += 1) void pacer.turn(never).then(() => turnsMs.push(clock.monotonicMs()));
  await clock.advance(1000);
  expect(turnsMs).toEqual(Array.from({ length: 100 }, (_, device) => device * 5));
});

test("after a quiet time there is no burst", async () => {
  const clock = new ManualClock();
  const pacer = new ConnectPacer(clock, 10);
  const never = new AbortController().signal;
  await pacer.turn(never);
  await clock.advance(60_000);
  const turnsMs: number[] = [];
  for (let device = 0; device < 3; device += 1) void pacer.turn(never).then(() => turnsMs.push(clock.monotonicMs()));
  await clock.advance(1000);
  expect(turnsMs).toEqual([60_000, 60_100, 60_200]);
});

test("an abort ends the waiting", async () => {
  const clock = new ManualClock();
  const pacer = new ConnectPacer(clock, 1);
  const stop = new AbortController();
  await pacer.turn(stop.signal);
  const waiting = pacer.turn(stop.signal);
  stop.abort(new Error("stopping"));
  await expect(waiting).rejects.toThrow("stopping");
  expect(clock.pendingTimers).toBe(0);
});
