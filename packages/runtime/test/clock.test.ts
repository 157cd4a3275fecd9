import { expect, test } from "vitest";
import { ManualClock, systemClock } from "#runtime";

test("microseconds agree with milliseconds and do not stand still", () => {
  const beforeMs = systemClock.nowMs();
  const micros = Array.from({ length: 1000 }, () => systemClock.nowMicros());
  const afterMs = systemClock.nowMs();
  expect(micros[0]! / 1000n).toBeGreaterThanOrEqual(BigInt(beforeMs));
  expect(micros.at(-1)! / 1000n).toBeLessThanOrEqual(BigInt(afterMs));
  expect(new Set(micros).size).toBeGreaterThan(1);
});

test("the real sleep ends with the reason of the abort, also of one that came before", async () => {
  const reason = new Error("enough");
  const controller = new AbortController();
  const sleeping = systemClock.sleep(60_000, controller.signal);
  controller.abort(reason);
  await expect(sleeping).rejects.toBe(reason);
  await expect(systemClock.sleep(60_000, controller.signal)).rejects.toBe(reason);
});

test("a manual clock runs timers in order of time, then of creation, and intervals again and again", async () => {
  const clock = new ManualClock(1000);
  const seen: string[] = [];
  clock.setTimer(20, () => seen.push(`late@${clock.nowMs()}`));
  clock.setTimer(10, () => seen.push(`first@${clock.nowMs()}`));
  clock.setTimer(10, () => seen.push(`second@${clock.nowMs()}`));
  const interval = clock.setInterval(9, () => seen.push(`tick@${clock.nowMs()}`));
  await clock.advance(19);
  expect(seen).toEqual(["tick@1009", "first@1010", "second@1010", "tick@1018"]);
  interval.clear();
  await clock.advance(1);
  expect(seen.at(-1)).toBe("late@1020");
  expect([clock.pendingTimers, clock.monotonicMs(), clock.nowMicros()]).toEqual([0, 20, 1_020_000n]);
});

test("a loop of sleeps proceeds within one advance, and an aborted sleep leaves no timer", async () => {
  const clock = new ManualClock();
  let rounds = 0;
  const controller = new AbortController();
  const loop = (async () => {
    for (;;) {
      await clock.sleep(10, controller.signal);
      rounds += 1;
    }
  })();
  await clock.advance(55);
  expect(rounds).toBe(5);
  controller.abort(new Error("stop"));
  await expect(loop).rejects.toThrow("stop");
  expect(clock.pendingTimers).toBe(0);
});
