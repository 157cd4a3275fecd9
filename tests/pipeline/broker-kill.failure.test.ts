import { rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { systemClock } from "#runtime";
import { eventually, temporaryDirectory } from "#testkit";
import { auditTable } from "../../local/demo/audit-table.ts";
import type { Snapshot } from "../../local/demo/observer.ts";
import { Pipeline } from "../../local/demo/pipeline.ts";

/** Waits for Mosquitto to save what it holds, which it does every 5 s; gives the count at the last look before that. */
async function acknowledgedBeforeSave(directory: string, acknowledged: () => Promise<number>): Promise<number> {
  const savedMs = (): number =>
    statSync(join(directory, "mosquitto", "mosquitto.db"), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const firstSaveMs = savedMs();
  let count = 0;
  await eventually(
    "a save",
    async () => {
      if (savedMs() > firstSaveMs) return true;
      count = await acknowledged();
      return false;
    },
    undefined,
    { timeoutMs: 30_000 },
  );
  return count;
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
    const savedFor = await acknowledgedBeforeSave(directory, async () => (await look()).acknowledged);
    await systemClock.sleep(2000);
    const { acknowledged: held } = await look();
    await pipeline.servers.mosquitto.server.kill();
    await pipeline.servers.mosquitto.server.start();
    await pipeline.startBridge();
    // Until every device has delivered again: a number that is missing at the end is no gap.
    const again = ({ acknowledged }: Snapshot): boolean => acknowledged > held + 1000;
    await eventually("readings again", look, again, { timeoutMs: 60_000 });

    const [audit] = await pipeline.finish(10_000);
    const { missing = -1, storedTwice, unexpected } = audit ?? {};
    expect(missing).toBeGreaterThan(0);
    // The devices go on between the look and the kill.
    expect(missing).toBeLessThanOrEqual(held - savedFor + 100);
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
