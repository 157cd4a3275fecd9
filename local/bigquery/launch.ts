import { fileURLToPath } from "node:url";

/** A process to start: what `spawn` takes. */
export interface Launch {
  readonly command: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * How to start the embedded BigQuery as a process of its own, with the settings that bound its memory and that a process
 * cannot make for itself; see "Memory" in the README.
 *
 * `flags` are those of the command line, e.g. `["--data-dir", "/data"]`.
 */
export function bigQueryLaunch(flags: readonly (string | number)[]): Launch {
  const main = fileURLToPath(new URL("main.ts", import.meta.url));
  return {
    command: process.execPath,
    args: [...NODE_FLAGS, main, ...flags.map(String)],
    environment: ENVIRONMENT,
  };
}

/** V8 gives its young generation up to 3 × 16 MiB otherwise; with less than this, appends get slower. */
export const NODE_FLAGS = ["--max-semi-space-size=8"] as const;

/** glibc keeps eight heaps a core otherwise, each with free memory of its own. */
export const ENVIRONMENT = { MALLOC_ARENA_MAX: "2" } as const;
