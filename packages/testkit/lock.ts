import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { eventually } from "./eventually.ts";

/** Longest wait for another process: a cold download over a slow line. */
const LOCK_TIMEOUT_MS = 10 * 60_000;

/** Runs `work` while no other process of this machine runs under the same lock file. A dead holder does not count. */
export async function withLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  mkdirSync(dirname(path), { recursive: true });
  await eventually(`the lock ${path} is free`, () => tryLock(path), Boolean, {
    timeoutMs: LOCK_TIMEOUT_MS,
    intervalMs: 200,
  });
  try {
    return await work();
  } finally {
    rmSync(path, { force: true });
  }
}

/** Takes the lock and gives what releases it, or `undefined` if a living process has it. */
export function takeLock(path: string): (() => void) | undefined {
  mkdirSync(dirname(path), { recursive: true });
  // The first try removes what a dead holder has left.
  return tryLock(path) || tryLock(path) ? () => rmSync(path, { force: true }) : undefined;
}

function tryLock(path: string): boolean {
  try {
    writeFileSync(path, String(process.pid), { flag: "wx" });
    return true;
  } catch {
    if (!holderIsAlive(path)) rmSync(path, { force: true });
    return false;
  }
}

function holderIsAlive(path: string): boolean {
  try {
    const pid = Number(readFileSync(path, "utf8"));
    // An empty file is one that its holder is about to write.
    return pid === 0 || process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
