import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { configTable } from "#runtime";
import { replaySchema } from "../config.ts";

test("the table of variables is the schema's", () => {
  expect(readFileSync(new URL("../README.md", import.meta.url), "utf8")).toContain(configTable(replaySchema));
});
