import { readFile } from "node:fs/promises";
import { processesNamed } from "./broker-process.ts";

/** What the broker takes of the machine. */
export interface BrokerUsage {
  /** Since its process began. */
  readonly cpuSeconds: number;
  readonly residentBytes: number;
}

/** `USER_HZ`, in which Linux tells times to programs: 100 on all platforms that Node runs on (time(7)). */
const TICKS_PER_SECOND = 100;
/** Of the fields after the name: `utime` is the 14th of all and `stime` the 15th (proc(5), `/proc/[pid]/stat`). */
const [UTIME, STIME] = [11, 12];

/**
 * What the process of this name takes now; `undefined` before the first one. One that is gone has no memory, and keeps the CPU time that was known: a counter
 * that falls to 0 by itself would look like a new process.
 */
export async function brokerUsage(
  name: string,
  before: BrokerUsage | undefined,
  directory = "/proc",
): Promise<BrokerUsage | undefined> {
  const pids = await processesNamed(name, directory);
  const found = await Promise.all(pids.map((pid) => processUsage(`${directory}/${pid}`)));
  const there = found.filter((usage) => usage !== undefined);
  if (there.length === 0) return before && { cpuSeconds: before.cpuSeconds, residentBytes: 0 };
  return {
    cpuSeconds: there.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
    residentBytes: there.reduce((sum, { residentBytes }) => sum + residentBytes, 0),
  };
}

/** From the texts of `/proc/[pid]/stat` and `/proc/[pid]/status`; undefined where they do not say it. */
export function usageOf(stat: string, status: string): BrokerUsage | undefined {
  // The name stands in brackets and may hold anything, brackets too.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const cpuSeconds = (Number(fields[UTIME]) + Number(fields[STIME])) / TICKS_PER_SECOND;
  const residentBytes = Number(/^VmRSS:\s*(\d+) kB$/m.exec(status)?.[1]) * 1024;
  return Number.isFinite(cpuSeconds) && Number.isFinite(residentBytes) ? { cpuSeconds, residentBytes } : undefined;
}

/** Undefined when the process has ended meanwhile. */
async function processUsage(path: string): Promise<BrokerUsage | undefined> {
  const [stat, status] = await Promise.all(
    ["stat", "status"].map((file) => readFile(`${path}/${file}`, "utf8").catch(() => "")),
  );
  return usageOf(stat ?? "", status ?? "");
}
