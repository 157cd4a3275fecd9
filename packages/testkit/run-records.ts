import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LOCAL_DIRECTORY } from "./local-directory.ts";

/** Written for every server that runs, so that the next run can end it if this one died without a word. */
interface RunRecord {
  readonly server: ProcessIdentity;
  readonly owner: ProcessIdentity;
  /** Removed with the server; absent where the caller keeps the data. */
  readonly temporaryDirectory?: string | undefined;
}

/** A pid alone may belong to somebody else by now; with its start time it cannot. */
interface ProcessIdentity {
  readonly pid: number;
  readonly startTicks: string;
}

const RECORDS = join(LOCAL_DIRECTORY, "run");

/** Notes a server of this process; call the result when it has ended. */
export function recordServer(pid: number, temporaryDirectory: string | undefined): () => void {
  const record: RunRecord = { server: identity(pid), owner: identity(process.pid), temporaryDirectory };
  const path = join(RECORDS, `${process.pid}-${pid}.json`);
  mkdirSync(RECORDS, { recursive: true });
  writeFileSync(path, JSON.stringify(record));
  return () => rmSync(path, { force: true });
}

/** Ends servers whose owner is dead and removes their directories. Linux only: elsewhere nothing is ever found alive. */
export function reapOrphans(): void {
  mkdirSync(RECORDS, { recursive: true });
  for (const name of readdirSync(RECORDS)) {
    const path = join(RECORDS, name);
    const record = readRecord(path);
    if (record === undefined || isAlive(record.owner)) continue;
    if (isAlive(record.server)) process.kill(record.server.pid, "SIGKILL");
    if (record.temporaryDirectory !== undefined) rmSync(record.temporaryDirectory, { recursive: true, force: true });
    rmSync(path, { force: true });
  }
}

/** Undefined for a file that another process is just writing or removing. */
function readRecord(path: string): RunRecord | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as RunRecord;
  } catch {
    return undefined;
  }
}

function isAlive({ pid, startTicks }: ProcessIdentity): boolean {
  return startTicks !== "" && identity(pid).startTicks === startTicks;
}

/** Field 22 of /proc/<pid>/stat, counted after the name in brackets, which may hold spaces: man 5 proc. */
function identity(pid: number): ProcessIdentity {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const state = fields[0];
    return { pid, startTicks: state === "Z" ? "" : (fields[19] ?? "") };
  } catch {
    return { pid, startTicks: "" };
  }
}
