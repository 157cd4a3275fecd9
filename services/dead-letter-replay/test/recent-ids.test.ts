import { expect, test } from "vitest";
import { RecentIds } from "../recent-ids.ts";

test("what was seen last is known, and no more is kept than that", () => {
  const ids = new RecentIds(2);
  expect(["a", "a", "b", "a"].map((id) => ids.add(id))).toEqual([true, false, true, false]);
  // b was seen before a.
  expect(["c", "a", "b"].map((id) => ids.add(id))).toEqual([true, false, true]);
  expect(ids.add("c")).toBe(true);
});
