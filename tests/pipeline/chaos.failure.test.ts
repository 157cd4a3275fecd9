import { rmSync } from "node:fs";
import { expect, test } from "vitest";
import { systemClock } from "#runtime";
import { eventually, temporaryDirectory } from "#testkit";
import { isClean } from "../../local/demo/audit.ts";
import { Pipeline } from "../../local/demo/pipeline.ts";

/** Each breaks one part of the running pipeline and mends it. */
const BLOWS: Readonly<Record<string, (pipeline: Pipeline) => Promise<void>>> = {
  "bridge killed": async (pipeline) => {
    await pipeline.bridge?.process.kill();
    await pipeline.startBridge();
  },
  "writer killed": async (pipeline) => {
    await pipeline.writer?.process.kill();
    await pipeline.startWriter();
  },
  "Kafka stopped for five seconds": async ({ servers }) => {
    await servers.kafka.server.stop();
    await systemClock.sleep(5000);
    await servers.kafka.server.start();
  },
  "Mosquitto stopped and started": async ({ servers }) => {
    await servers.mosquitto.server.stop();
    await servers.mosquitto.server.start();
  },
  "BigQuery killed": async ({ servers }) => {
    await servers.bigQuery.server.kill();
    await servers.bigQuery.server.start();
  },
  "writer killed while Kafka is paused": async (pipeline) => {
    pipeline.servers.kafka.server.pause();
    await pipeline.writer?.process.kill();
    await systemClock.sleep(1500);
    pipeline.servers.kafka.server.resume();
    await pipeline.startWriter();
  },
  "bridge paused for four seconds": async ({ bridge }) => {
    bridge?.process.pause();
    await systemClock.sleep(4000);
    bridge?.process.resume();
  },
};

/** The rows of each reading in the table and in the view that leaves out what came twice. */
const UNIQUE = `
WITH
  stored AS (SELECT tenant, sensor_id, boot_id, seq, COUNT(*) AS row_count FROM iot_raw.iot_events GROUP BY tenant, sensor_id, boot_id, seq),
  shown AS (SELECT tenant, sensor_id, boot_id, seq, COUNT(*) AS row_count FROM iot_raw.iot_events_unique GROUP BY tenant, sensor_id, boot_id, seq)
SELECT
  COUNT(*) AS readings,
  COUNTIF(stored.row_count > 1) AS storedAgain,
  COUNTIF(stored.row_count IS NULL OR IFNULL(shown.row_count, 0) != 1) AS shownWrong
FROM stored
FULL JOIN shown USING (tenant, sensor_id, boot_id, seq)`;

/** Readings go on arriving after each blow: a part that hangs would not show in an audit that waits. */
async function storedGrows(pipeline: Pipeline): Promise<void> {
  const stored = async (): Promise<number> => (await pipeline.observer.look(pipeline.programs)).inBigQuery;
  const before = await eventually("BigQuery answers", stored, () => true, { timeoutMs: 60_000 });
  await eventually("more rows", stored, (rows) => rows > before + 100, { timeoutMs: 120_000, intervalMs: 250 });
}

test("whatever part dies or hangs: every reading arrives, and none from Kafka twice", async () => {
  const directory = temporaryDirectory("chaos");
  const pipeline = await Pipeline.start(directory, () => undefined);
  try {
    await Promise.all([pipeline.startWriter(), pipeline.startBridge()]);
    await pipeline.startFleet("fleets/city.yaml");
    await storedGrows(pipeline);
    for (const [name, strike] of Object.entries(BLOWS)) {
      await strike(pipeline);
      await storedGrows(pipeline).catch((cause: unknown) => {
        throw new Error(`after: ${name}`, { cause });
      });
    }
    const [audit] = await pipeline.finish();
    expect(audit).toMatchObject({ fleet: "city", missing: 0, storedTwice: 0, unexpected: 0 });
    expect(audit && isClean(audit)).toBe(true);
    const [[unique]] = (await pipeline.clients.rest.query(UNIQUE)) as unknown as [[Record<string, number>]];
    expect(unique).toMatchObject({ readings: audit?.stored, shownWrong: 0 });
    // Some sensors of the city send readings again on purpose, so there is something that the view had to leave out.
    expect(unique["storedAgain"]).toBeGreaterThan(0);
  } finally {
    await pipeline.end();
    rmSync(directory, { recursive: true, force: true });
  }
});
