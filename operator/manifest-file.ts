import { readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import type * as Yaml from "yaml";
import { ConfigError, toError } from "#runtime";
import { type FleetManifest, readManifest } from "./api/manifest.ts";

/** A larger file is no fleet. */
const MAX_BYTES = 1024 * 1024;

/**
 * Reads a `SensorFleet` from a file.
 *
 * @throws {ConfigError} with all problems, each with the file.
 */
export function readManifestFile(path: string, namespace: string): FleetManifest {
  try {
    return readManifest(parsed(textOf(path)), namespace);
  } catch (error) {
    const problems = error instanceof ConfigError ? error.problems : [toError(error).message];
    throw new ConfigError(problems.map((problem) => `DEFAULT_FLEET_FILE: ${path}: ${problem}`));
  }
}

function textOf(path: string): string {
  try {
    if (statSync(path).size > MAX_BYTES) throw new Error(`larger than ${MAX_BYTES} bytes`);
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new ConfigError([`cannot be read (${toError(error).message})`]);
  }
}

/** YAML 1.2 includes JSON; its parser is loaded only where it is needed: it takes 12 MiB. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    const { parse } = createRequire(import.meta.url)("yaml") as typeof Yaml;
    return parse(text, { stringKeys: true });
  }
}
