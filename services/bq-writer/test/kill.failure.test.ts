import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { kafkaTopics } from "#events";
import { systemClock } from "#runtime";
import { eventually, type Exit } from "#testkit";
import { DEATHS, diesAt } from "./deaths.ts";
import { World, type RunningWriter } from "./world.ts";

const FIXTURE = fileURLToPath(new URL("fixture-writer.ts", import.meta.url));
const EXACT = { missing: [], repeated: [], unexpected: [], unburied: [] };
/** How long a writer may take to come to its step by itself, and how often it gets help after that. */
const PATIENCE_MS = 6000;
const HELPS = 10;

let world: World;
/** Writes beside those that die. */
let other: RunningWriter;
beforeAll(async () => {
  world = await World.start();
  other = await world.writer({ name: "writer-1" });
});
afterAll(() => world[Symbol.asyncDispose]());

/**
 * The end of the writer. Some steps need takeovers that find rows behind the commit, and a rebalance may leave too few:
 * then the other writer is killed, and starts anew when all its partitions were taken over.
 */
async function untilDead(dying: RunningWriter): Promise<Exit> {
  for (let help = 0; help < HELPS; help += 1) {
    const exit = await Promise.race([dying.process.exited, systemClock.sleep(PATIENCE_MS).then(() => undefined)]);
    if (exit !== undefined) return exit;
    await other.process.kill();
    await eventually(
      "it owns all partitions or is dead",
      async () =>
        !dying.process.isRunning || (await dying.metric("writer_partitions")) === kafkaTopics.readings.partitions,
      Boolean,
      { timeoutMs: 60_000 },
    );
    other = await world.writer({ name: "writer-1" });
  }
  throw new Error(`it never came to its step:\n${dying.process.log()}`);
}

test("kill -9 at every step, under load, beside another writer: every row exactly once", async () => {
  const stopLoad = world.produceInBackground({ invalidEvery: 50 });
  for (const death of DEATHS) {
    for (const times of ["1", "4"]) {
      const args = ["--die-at", death, "--die-after", times];
      const dying = await world.writer({ name: "writer-0", program: FIXTURE, args, ready: "serving probes" });
      expect(await untilDead(dying)).toMatchObject({ signal: "SIGKILL" });
      expect(dying.process.log()).toContain(diesAt(death));
    }
  }
  await stopLoad();
  await world.writer({ name: "writer-0" });
  await world.untilWritten(120_000);
  const audit = await world.audit();
  console.log(`kill -9: ${audit.valid} valid records, ${audit.rows} rows`);
  expect(audit).toMatchObject({ ...EXACT, rows: audit.valid });
  expect(audit.valid).toBeGreaterThan(5000);
});
