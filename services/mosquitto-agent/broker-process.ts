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
 * (https://mosquitto.org/man/mosquitto-8.html#idm25). Connections stay.
 *
 * @throws if no such process is there, or it belongs to another user.
 */
export async function reloadBroker(name: string): Promise<void> {
  const pids = await processesNamed(name);
  if (pids.length === 0) throw new Error(`no process is called ${name}`);
  for (const pid of pids) process.kill(pid, "SIGHUP");
}
