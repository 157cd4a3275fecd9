import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { LOCAL_DIRECTORY } from "#testkit";

/** Where a running demo can be reached from another terminal. */
export interface Endpoints {
  /** Process of the demo. */
  readonly pid: number;
  readonly mqttUrl: string;
  /** `host:port`. */
  readonly kafka: string;
  readonly bigQueryRest: string;
  /** `host:port`. */
  readonly bigQueryGrpc: string;
  /** Probes and metrics of each program, by its name. */
  readonly ops: Readonly<Record<string, string>>;
}

export const DEMO_DIRECTORY = join(LOCAL_DIRECTORY, "demo");
/** Kept after the demo, so that `make sql` can still ask; the next demo starts from nothing. */
export const BIGQUERY_DATA = join(DEMO_DIRECTORY, "bigquery");
export const PROJECT = "demo";

const FILE = join(DEMO_DIRECTORY, "endpoints.json");

export function publishEndpoints(endpoints: Endpoints): void {
  mkdirSync(dirname(FILE), { recursive: true });
  writeFileSync(FILE, JSON.stringify(endpoints, undefined, 2));
}

export function withdrawEndpoints(): void {
  rmSync(FILE, { force: true });
}

/** Those of the demo that runs now, or `undefined`. */
export function runningDemo(): Endpoints | undefined {
  if (!existsSync(FILE)) return undefined;
  const endpoints = JSON.parse(readFileSync(FILE, "utf8")) as Endpoints;
  return isAlive(endpoints.pid) ? endpoints : undefined;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
