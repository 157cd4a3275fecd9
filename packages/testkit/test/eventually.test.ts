import { expect, test } from "vitest";
import { eventually } from "#testkit";

test("gives the first value that holds", async () => {
  let looks = 0;
  const seen = await eventually(
    "three looks",
    () => (looks += 1),
    (value) => value === 3,
    { intervalMs: 1 },
  );
  expect(seen).toBe(3);
});

test("a look that throws counts as not yet", async () => {
  let looks = 0;
  const look = () => {
    if ((looks += 1) < 3) throw new Error("no table");
    return "there";
  };
  expect(await eventually("the table is there", look, Boolean, { intervalMs: 1 })).toBe("there");
});

test("says what was expected and what was seen last", async () => {
  const options = { timeoutMs: 20, intervalMs: 5 };
  await expect(
    eventually(
      "five rows",
      () => ({ rows: 3 }),
      ({ rows }) => rows === 5,
      options,
    ),
  ).rejects.toThrow("not within 20 ms: five rows; last seen: { rows: 3 }");
  const failing = eventually("five rows", () => Promise.reject(new Error("no table")), Boolean, options);
  await expect(failing).rejects.toThrow("not within 20 ms: five rows; the last look failed: Error: no table");
});
