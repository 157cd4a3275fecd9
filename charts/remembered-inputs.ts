import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseEnv } from "node:util";
import type { Environment } from "#runtime";
import { chartSchema, readInputs, type ChartInputs } from "./config.ts";

/** Where the manifests are written. */
export const MANIFESTS = fileURLToPath(new URL("../k8s-out", import.meta.url));

/** Beside the manifests; kubectl passes over it. */
export const INPUTS_FILE = "inputs.env";

const HEAD =
  "# What `make manifests` was given: it goes on with this until it is given something else, or a line here is deleted.\n";

type InputName = Exclude<keyof ChartInputs, "WRITE">;
const NAMES = Object.keys(chartSchema.shape).filter((name): name is InputName => name !== "WRITE");

/** What the manifests that are there were made with, as variables. */
export function rememberedInputs(text: string = readText()): Environment {
  return parseEnv(text);
}

/** The text that {@link rememberedInputs} reads; `undefined` if all inputs are the defaults. */
export function inputsText(inputs: ChartInputs): string | undefined {
  const defaults = readInputs({});
  const given = NAMES.filter((name) => inputs[name] !== defaults[name]);
  if (given.length === 0) return undefined;
  return HEAD + given.map((name) => `${name}=${inputs[name] ?? ""}\n`).join("");
}

function readText(): string {
  try {
    return readFileSync(`${MANIFESTS}/${INPUTS_FILE}`, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
}
