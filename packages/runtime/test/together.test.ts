import { expect, test } from "vitest";
import { z } from "zod";
import { together } from "../together.ts";

const schema = z.object({ A: z.string().optional(), B: z.string().optional() }).refine(...together("A", "B"));

test.each([
  [{}, true],
  [{ A: "1", B: "2" }, true],
  [{ A: "1" }, false],
  [{ B: "2" }, false],
])("%j: %s", (given, isGood) => {
  const { success, error } = schema.safeParse(given);
  expect([success, error?.issues[0]?.message]).toEqual([
    isGood,
    isGood ? undefined : "A and B belong together: set both or none",
  ]);
});
