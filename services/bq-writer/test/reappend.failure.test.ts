/** Rows are gone from the table, and Kafka still has their records. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { bigQueryNames } from "#events";
import { World } from "./world.ts";

const MAIN = fileURLToPath(new URL("../reappend/main.ts", import.meta.url));

let world: World;
beforeEach(async () => {
  world = await World.start();
});
afterEach(() => world[Symbol.asyncDispose]());

interface Ended {
  readonly code: number;
  readonly output: string;
}

function reappend(more: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const { KAFKA_BROKERS, BIGQUERY_PROJECT, BIGQUERY_REST_ENDPOINT, BIGQUERY_GRPC_ENDPOINT } = world.environment("x");
  const env = { KAFKA_BROKERS, BIGQUERY_PROJECT, BIGQUERY_REST_ENDPOINT, BIGQUERY_GRPC_ENDPOINT, SINCE: "1h", ...more };
  return new Promise((resolve) => {
    execFile(process.execPath, [MAIN], { env }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), output: stdout + stderr }),
    );
  });
}

async function write(count: number): Promise<void> {
  await world.produce(count, { invalidEvery: 50 });
  const writer = await world.writer();
  await world.untilWritten();
  expect(await writer.process.stop()).toMatchObject({ code: 0 });
}

const deleteTable = () => world.rest.dataset(bigQueryNames.dataset).table(bigQueryNames.events).delete();

test("the table was deleted: appended again, every row once", async () => {
  await write(3000);
  await deleteTable();
  // Without it they are gone for good: the writer knows that it has written them.
  const writer = await world.writer();
  await world.produce(1);
  await world.untilWritten();
  expect(await writer.process.stop()).toMatchObject({ code: 0 });
  expect((await world.audit()).missing).toHaveLength(2940);

  const refused = await reappend({ DRY_RUN: "true" });
  expect(refused).toMatchObject({ code: 1, output: expect.stringContaining("the table holds 1 rows") as string });

  await deleteTable();
  const missing = await reappend({ DRY_RUN: "true" });
  expect(missing).toMatchObject({ code: 1, output: expect.stringContaining("it does not exist") as string });
  expect([...(await world.committed()).values()].reduce((sum, offset) => sum + offset, 0)).toBe(3001);
  expect(await reappend()).toMatchObject({ code: 0, output: expect.stringMatching(/^3001 records will/m) as string });
  expect(await reappend({ DRY_RUN: "true" })).toEqual({
    code: 0,
    output: "Nothing to append again: no record since then was written.\n",
  });

  await write(500);
  expect(await world.audit()).toMatchObject({ missing: [], repeated: [], unexpected: [], unburied: [], rows: 3431 });
});

test("rows that are there are not stored twice: refused, with the statement that would delete them", async () => {
  await write(1000);
  const before = await world.committed();
  const { code, output } = await reappend();
  expect([code, output]).toEqual([1, expect.stringContaining("the table holds 980 rows")]);
  expect(output).toMatch(
    /DELETE FROM `p\.iot_raw\.iot_events` WHERE kafka_source = '\S+\/readings' AND \(\(kafka_partition = \d+ AND/,
  );
  expect(await world.committed()).toEqual(before);
  await write(500);
  expect(await world.audit()).toMatchObject({ missing: [], repeated: [], unexpected: [], unburied: [] });
});

test("a writer that runs: refused", async () => {
  const writer = await world.writer();
  await world.produce(100);
  await world.untilWritten();
  expect(await reappend()).toMatchObject({
    code: 1,
    output: expect.stringContaining("has 1 members: stop its writers") as string,
  });
  expect(await writer.process.stop()).toMatchObject({ code: 0 });
});
