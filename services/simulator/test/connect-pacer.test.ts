import { expect, test } from "vitest";
import { ManualClock } from "#runtime";
import { ConnectPacer, MAX_CONNECTING } from "../connect-pacer.ts";

const never = new AbortController().signal;

/** So many ask at once; when each may connect, as that happens. */
function ask(pacer: ConnectPacer, clock: ManualClock, devices: number): number[] {
  const turnsMs: number[] = [];
  const connect = (): Promise<void> => {
    turnsMs.push(clock.monotonicMs());
    return Promise.resolve();
  };
  for (let device = 0; device < devices; device += 1) void pacer.connect(never, connect);
  return turnsMs;
}

test("connects are spread, however many ask at once", async () => {
  const clock = new ManualClock();
  const turnsMs = ask(new ConnectPacer(clock, 200), clock, 100);
  await clock.advance(1000);
  expect(turnsMs).toEqual(Array.from({ length: 100 }, (_, device) => device * 5));
});

test("after a quiet time there is no burst", async () => {
  const clock = new ManualClock();
  const pacer = new ConnectPacer(clock, 10);
  ask(pacer, clock, 1);
  await clock.advance(60_000);
  const turnsMs = ask(pacer, clock, 3);
  await clock.advance(1000);
  expect(turnsMs).toEqual([60_000, 60_100, 60_200]);
});

test("no more are under way than the bound, however slow they are; each that ends lets one in, also by a failure", async () => {
  const clock = new ManualClock();
  const pacer = new ConnectPacer(clock, 1000);
  const begun: PromiseWithResolvers<number>[] = [];
  const connects = Array.from({ length: MAX_CONNECTING + 2 }, (_, device) =>
    pacer.connect(never, async () => {
      begun.push(Promise.withResolvers());
      await begun[device]?.promise;
      return device;
    }),
  );
  await clock.advance(10_000);
  expect(begun).toHaveLength(MAX_CONNECTING);

  begun[7]?.resolve(7);
  expect(await connects[7]).toBe(7);
  await clock.advance(1);
  expect(begun).toHaveLength(MAX_CONNECTING + 1);

  begun[3]?.reject(new Error("no broker"));
  await expect(connects[3]).rejects.toThrow("no broker");
  await clock.advance(1);
  expect(begun).toHaveLength(MAX_CONNECTING + 2);
});

test("an abort ends the waiting for the turn", async () => {
  const clock = new ManualClock();
  const pacer = new ConnectPacer(clock, 1);
  const stop = new AbortController();
  ask(pacer, clock, 1);
  const waiting = pacer.connect(stop.signal, () => Promise.resolve());
  stop.abort(new Error("stopping"));
  await expect(waiting).rejects.toThrow("stopping");
  expect(clock.pendingTimers).toBe(0);
});

test("who waits for others does not begin after an abort", async () => {
  const clock = new ManualClock();
  const pacer = new ConnectPacer(clock, 1000);
  const stop = new AbortController();
  const untilAbort = (): Promise<never> =>
    new Promise((_, reject) => stop.signal.addEventListener("abort", () => reject(new Error("ended"))));
  const first = Array.from({ length: MAX_CONNECTING }, () => pacer.connect(stop.signal, untilAbort));
  const behind = pacer.connect(stop.signal, () => Promise.resolve("begun"));
  await clock.advance(1000);
  stop.abort(new Error("stopping"));
  await expect(behind).rejects.toThrow("stopping");
  for (const one of await Promise.allSettled(first)) expect(one).toMatchObject({ reason: { message: "ended" } });
});
