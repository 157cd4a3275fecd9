import { rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { eventually, temporaryDirectory, type Mosquitto } from "#testkit";
import { auditTable } from "../../local/demo/audit-table.ts";
import type { Snapshot } from "../../local/demo/observer.ts";
import { Pipeline } from "../../local/demo/pipeline.ts";

/** Readings that the devices know as delivered, at two moments. */
interface Acknowledged {
  /** At the last look before the broker's last save: all of these are in its file. */
  readonly beforeSave: number;
  /** When it was stopped: what it took since its last save is at most the difference. */
  readonly atEnd: number;
}

/** More than one of them must be lost, and no single one that a device sent twice makes a difference. */
const UNSAVED = 100;

/**
 * Stops the broker, as by SIGSTOP, at a moment when it has acknowledged {@link UNSAVED} readings since it last saved, which
 * it does every 5 s: a stopped broker neither saves nor acknowledges, however slow the machine is.
 */
async function stopUnsaved(
  { server }: Mosquitto,
  path: string,
  acknowledged: () => Promise<number>,
): Promise<Acknowledged> {
  const savedMs = (): number => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const wait = { timeoutMs: 30_000 };
  for (;;) {
    const lastSaveMs = savedMs();
    let beforeSave = 0;
    const isSaved = async (): Promise<boolean> => {
      // The look comes first: what it counts was taken before a save that is not there yet.
      const count = await acknowledged();
      if (savedMs() > lastSaveMs) return true;
      beforeSave = count;
      return false;
    };
    await eventually("a save", isSaved, Boolean, wait);
    const saveMs = savedMs();
    const afterSave = await acknowledged();
    await eventually("unsaved readings", acknowledged, (count) => count >= afterSave + UNSAVED, wait);
    server.pause();
    if (savedMs() === saveMs && beforeSave > 0) return { beforeSave, atEnd: await standing(acknowledged) };
    server.resume();
  }
}

/** The number when it does not change any more. */
async function standing(read: () => Promise<number>): Promise<number> {
  let before = NaN;
  const isStill = async (): Promise<boolean> => {
    const now = await read();
    const same = now === before;
    before = now;
    return same;
  };
  await eventually("it stands still", isStill, Boolean, { timeoutMs: 30_000, intervalMs: 500 });
  return before;
}

test("a broker that is hard-killed loses at most what it took since its last save, and the audit names it", async () => {
  const directory = temporaryDirectory("broker-kill");
  const pipeline = await Pipeline.start(directory, () => undefined);
  // A dead bridge does not answer.
  const running = () => pipeline.programs.filter((program) => program.process.isRunning);
  const look = () => pipeline.observer.look(running());
  try {
    await Promise.all([pipeline.startWriter(), pipeline.startBridge()]);
    await pipeline.startFleet("fleets/city.yaml");
    await eventually("rows", look, ({ inBigQuery }) => inBigQuery > 800, { timeoutMs: 60_000 });
    // Nobody takes the messages from the broker, so they are in its memory, and in its file since its last save.
    await pipeline.bridge?.process.kill();
    const { mosquitto } = pipeline.servers;
    const path = join(directory, "mosquitto", "mosquitto.db");
    const { beforeSave, atEnd } = await stopUnsaved(mosquitto, path, async () => (await look()).acknowledged);
    await mosquitto.server.kill();
    await mosquitto.server.start();
    await pipeline.startBridge();
    // Until every device has delivered again: a number that is missing at the end is no gap.
    const again = ({ acknowledged }: Snapshot): boolean => acknowledged > atEnd + 1000;
    await eventually("readings again", look, again, { timeoutMs: 60_000 });

    const [audit] = await pipeline.finish(10_000);
    const { missing = -1, storedTwice, unexpected } = audit ?? {};
    expect(missing).toBeGreaterThan(0);
    expect(missing).toBeLessThanOrEqual(atEnd - beforeSave);
    expect({ storedTwice, unexpected }).toEqual({ storedTwice: 0, unexpected: 0 });
    expect(auditTable(audit === undefined ? [] : [audit])).toContain("NOT CLEAN");
    const query = "SELECT IFNULL(SUM(missing), 0) AS missing FROM iot_raw.iot_delivery_audit";
    const [[row]] = (await pipeline.clients.rest.query(query)) as unknown as [[{ missing: number }]];
    // Numbers that are missing in the view are lost ones or dead letters, of which the city makes some.
    expect(row.missing).toBeGreaterThanOrEqual(missing);
  } finally {
    await pipeline.end();
    rmSync(directory, { recursive: true, force: true });
  }
});
