import { ManualClock } from "#runtime";
import { describe, expect, it } from "vitest";
import { FaultPlan } from "../plan.ts";

const append = { call: "append", stream: "s", table: "t" } as const;
const strikes = async (plan: FaultPlan, times: number): Promise<unknown[]> => {
  const all: unknown[] = [];
  for (let i = 0; i < times; i++) all.push(await plan.strike(append));
  return all;
};

describe("FaultPlan", () => {
  it("is harmless when empty", async () => {
    expect(await strikes(new FaultPlan(new ManualClock()), 2)).toEqual([undefined, undefined]);
  });

  it("passes `after` calls, then hits `count`, then no more", async () => {
    const plan = new FaultPlan(new ManualClock());
    plan.add({ kind: "reset", after: 1, count: 2 });
    expect(await strikes(plan, 5)).toEqual([undefined, "reset", "reset", undefined, undefined]);
    expect(plan.list()).toMatchObject([{ hits: 2 }]);
  });

  it("hits a share of the calls", async () => {
    const dice = [0.1, 0.9, 0.24, 0.25];
    const plan = new FaultPlan(new ManualClock(), () => dice.shift() ?? 1);
    plan.add({ kind: "reset", share: 0.25 });
    expect(await strikes(plan, 4)).toEqual(["reset", undefined, "reset", undefined]);
  });

  it.each([
    [{ call: "rest" as const }, undefined],
    [{ stream: "other" }, undefined],
    [{ table: "other" }, undefined],
    [{ stream: "s", table: "t" }, "reset"],
  ])("matches %o", async (spec, expected) => {
    const plan = new FaultPlan(new ManualClock());
    plan.add({ kind: "reset", ...spec });
    expect(await plan.strike(append)).toBe(expected);
  });

  it("waits out a delay on the clock, then lets the next fault decide", async () => {
    const clock = new ManualClock();
    const plan = new FaultPlan(clock);
    plan.add({ kind: "delay", delayMs: 500, count: 1 });
    plan.add({ kind: "unavailable", count: 1 });
    let struck: unknown = "waiting";
    void plan.strike(append).then((kind) => (struck = kind));
    await clock.advance(499);
    expect(struck).toBe("waiting");
    await clock.advance(1);
    expect(struck).toBe("unavailable");
  });

  it("holds a frozen call until its fault is removed", async () => {
    const plan = new FaultPlan(new ManualClock());
    const fault = plan.add({ kind: "freeze" });
    const held = plan.strike(append);
    expect(plan.remove(fault.id)).toBe(true);
    expect(await held).toBeUndefined();
    expect(plan.remove(fault.id)).toBe(false);
  });
});
