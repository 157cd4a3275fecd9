import { expect, test } from "vitest";
import { readInputs } from "../config.ts";
import { INPUTS_FILE, inputsText, rememberedInputs } from "../remembered-inputs.ts";
import { manifests } from "../sets.ts";

test("what was given once stays until something else is given", () => {
  const first = readInputs({ PROJECT: "homes-42", REGION: "us", DEVICE_HOST: "mqtt.example.org" });
  const text = inputsText(first);
  expect(readInputs({}, [], rememberedInputs(text))).toEqual(first);
  expect(readInputs({ REGION: "europe-west4", PROJECT: "" }, [], rememberedInputs(text))).toEqual({
    ...first,
    REGION: "europe-west4",
  });
});

test("it stands beside the manifests, by names that kubectl passes over, and only if it is not the default", () => {
  expect(INPUTS_FILE).not.toMatch(/\.(ya?ml|json)$/);
  expect(manifests(readInputs({})).has(INPUTS_FILE)).toBe(false);
  const made = manifests(readInputs({ PROJECT: "homes-42" }));
  expect(made.get(INPUTS_FILE)).toMatch(/^#.*\nPROJECT=homes-42\n$/);
  expect(made.get("gke/60-writer.yaml")).toContain("homes-42");
});
