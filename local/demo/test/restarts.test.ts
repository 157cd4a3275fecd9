import { ManualClock } from "#runtime";
import { expect, test } from "vitest";
import { Restarts } from "../restarts.ts";

test("a program is started again, and given up when it has ended quickly three times in a row", async () => {
  const clock = new ManualClock();
  const restarts = new Restarts(clock);
  const life = async (name: string, forMs: number): Promise<boolean> => {
    restarts.started(name);
    await clock.advance(forMs);
    return restarts.ended(name);
  };
  expect([await life("a", 10), await life("a", 9_999), await life("b", 10)]).toEqual([true, true, true]);
  // A longer life forgives.
  expect([await life("a", 10_000), await life("a", 10), await life("a", 10)]).toEqual([true, true, true]);
  expect(await life("a", 10)).toBe(false);
});
