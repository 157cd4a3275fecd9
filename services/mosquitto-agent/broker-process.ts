import { readdir, readFile } from "node:fs/promises";

/**
 * Process ids that carry this name, from Linux's /proc (proc(5), `/proc/[pid]/comm`: at most 15 characters). In a pod
 * that shares its process namespace these are the neighbour container's.
 */
export async function processesNamed(name: string, directory = "/proc"): Promise<number[]> {
  const entries = (await readdir(directory)).filter((entry) => /^\d+$/.test(entry));
  const named = await Promise.all(
    entries.map(async (entry) => {
      const comm = await readFile(`${directory}/${entry}/comm`, "utf8").catch(() => "");
      return comm.trim() === name.slice(0, 15) ? [Number(entry)] : [];
    }),
  );
  return named.flat();
}

/**
 * Tells the broker to read users, rules and certificates again: SIGHUP
 * (https://mosquitto.org/man/mosquitto-8.html#idm25). Connections stay. To a broker that still loads its database SIGHUP
 * is the end, so it is told only when `listens` and it has a handler; false while that is not so.
 *
 * @throws if no such process is there, or it belongs to another user.
 */
export async function reloadBroker(name: string, listens: () => Promise<boolean>): Promise<boolean> {
  // Looked up before: a broker that takes the place of the one that listens has another id, and is not told.
  const pids = await processesNamed(name);
  if (pids.length === 0) throw new Error(`no process is called ${name}`);
  if (!(await listens())) return false;
  for (const pid of pids) if (!(await survivesSighup(pid))) return false;
  for (const pid of pids) process.kill(pid, "SIGHUP");
  return true;
}

/** SIGHUP is signal 1, the lowest bit of each mask of proc(5), `/proc/[pid]/status`. */
const SURVIVES_SIGHUP = /^Sig(?:Blk|Ign|Cgt):\s*[0-9a-f]*[13579bdf]$/m;

/**
 * Whether the process is there and SIGHUP does not end it. Mosquitto listens before it has its handlers, by the time
 * that its certificates take. A kernel that does not show the masks (gVisor) leaves it at the listening.
 */
async function survivesSighup(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => undefined);
  return status !== undefined && (SURVIVES_SIGHUP.test(status) || !status.includes("SigCgt:"));
}
