import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { takeLock } from "#testkit";

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

/**
 * Makes this process the only one that may use the data in that directory, and gives what releases it.
 *
 * @throws if another demo or prompt has it.
 */
export function lockData(directory: string): () => void {
  const release = takeLock(`${directory}.lock`);
  if (release !== undefined) return release;
  throw new Error(`a demo is running already, or a prompt is open, with the data in ${directory}`);
}

export function publishEndpoints(directory: string, endpoints: Endpoints): void {
  mkdirSync(directory, { recursive: true });
  writeFileSync(fileIn(directory), JSON.stringify(endpoints, undefined, 2));
}

export function withdrawEndpoints(directory: string): void {
  rmSync(fileIn(directory), { force: true });
}

/** Those of the demo that runs now in that directory, or `undefined`. */
export function runningDemo(directory: string): Endpoints | undefined {
  if (!existsSync(fileIn(directory))) return undefined;
  const endpoints = JSON.parse(readFileSync(fileIn(directory), "utf8")) as Endpoints;
  return isAlive(endpoints.pid) ? endpoints : undefined;
}

function fileIn(directory: string): string {
  return join(directory, "endpoints.json");
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
