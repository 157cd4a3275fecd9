import { expect, test } from "vitest";
import { faultTypes } from "#fleets";
import { readManifest } from "../api/manifest.ts";
import { schemaProblems } from "../api/schema-problems.ts";
import { specSchema } from "../api/spec-schema.ts";
import { examples } from "./examples.ts";

test("there are examples of every fault, of stages, a run, a template and a past", () => {
  const text = JSON.stringify(examples);
  expect(examples.length).toBeGreaterThan(3);
  for (const word of [...faultTypes, "stages", "ttlAfterFinished", "resources", "history", "profiles", "suspend"])
    expect(text).toContain(`"${word}"`);
});

test.each(examples)("the example $name fits the schema", ({ manifest }) => {
  expect(schemaProblems(specSchema, manifest.spec ?? {}, "spec")).toEqual([]);
  expect(readManifest(manifest, "smart-home").metadata.name).toBe(manifest.metadata.name);
});
