import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { faultTypes } from "../fault-spec.ts";

test("the README explains every fault", () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const explained = [...readme.matchAll(/^\| `([A-Z]\w+)` /gm)].map(([, name]) => name);
  expect(explained).toEqual(faultTypes);
});
