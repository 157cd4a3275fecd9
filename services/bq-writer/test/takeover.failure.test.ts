/** What a takeover finds after somebody changed the world between two owners. Each test leaves rows behind the commit. */
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { bigQueryNames, eventsTable, kafkaTopics } from "#events";
import { ensureTopics } from "#kafka";
import { ensureTable } from "#bigquery";
import { systemClock } from "#runtime";
import { eventually } from "#testkit";
import { GROUP, World, type RunningWriter } from "./world.ts";

const FIXTURE = fileURLToPath(new URL("fixture-writer.ts", import.meta.url));
const TOPIC = kafkaTopics.readings.name;
const EXACT = { missing: [], repeated: [], unexpected: [], unburied: [] };

let world: World;
beforeEach(async () => {
  world = await World.start();
});
afterEach(() => world[Symbol.asyncDispose]());

/** A writer that dies with many rows stored and not committed: it commits for the last time when its streams are new. */
async function dieAhead(args: readonly string[] = []): Promise<void> {
  const dying = await world.writer({
    program: FIXTURE,
    args: ["--die-at", "after append", "--die-after", "80", ...args],
    environment: { COMMIT_INTERVAL: "60s", MAX_APPEND_ROWS: "50" },
    ready: "serving probes",
  });
  const stop = world.produceInBackground({ invalidEvery: 50, count: 200 });
  expect(await dying.process.exited).toMatchObject({ signal: "SIGKILL" });
  await stop();
  const [rows, committed] = await Promise.all([world.rows(), world.committed()]);
  const ahead = rows.filter(({ partition, offset }) => offset >= (committed.get(partition) ?? 0));
  expect(ahead.length).toBeGreaterThan(1000);
}

async function finish(): Promise<void> {
  const stop = world.produceInBackground({ invalidEvery: 50 });
  const writer = await world.writer();
  await systemClock.sleep(1000);
  await stop();
  await world.untilWritten();
  expect(await writer.process.stop()).toMatchObject({ code: 0 });
}

test("nothing else happened: the stream's count and the table's agree", async () => {
  await dieAhead();
  await finish();
  const audit = await world.audit();
  expect(audit).toMatchObject({ ...EXACT, rows: audit.valid });
});

test("the group's offsets were deleted", async () => {
  await dieAhead();
  await eventually("the group is empty", () => world.admin.deleteGroups([GROUP]).then(() => true), Boolean, {
    timeoutMs: 30_000,
  });
  await finish();
  const audit = await world.audit();
  expect(audit).toMatchObject({ ...EXACT, rows: audit.valid });
});

test("the offsets were reset to the start", async () => {
  await dieAhead();
  await eventually(
    "the offsets are reset",
    () => world.admin.setOffsets({ groupId: GROUP, topic: TOPIC, partitions: zeroOffsets() }).then(() => true),
    Boolean,
    { timeoutMs: 30_000 },
  );
  await finish();
  const audit = await world.audit();
  expect(audit).toMatchObject({ ...EXACT, rows: audit.valid });
});

function zeroOffsets(): { partition: number; offset: string }[] {
  return Array.from({ length: kafkaTopics.readings.partitions }, (_, partition) => ({ partition, offset: "0" }));
}

test.each([
  ["stricter", [], ["--reject-every", "7"]],
  ["looser", ["--reject-every", "7"], []],
])("validation became %s: no record is stored twice or lost", async (_name, before, after) => {
  await dieAhead(before);
  const next = await world.writer({ program: FIXTURE, args: after });
  await world.untilWritten();
  expect(await next.process.stop()).toMatchObject({ code: 0 });
  const [audit, letters] = await Promise.all([world.audit(), world.deadLetters()]);
  const buried = new Set(letters.map(({ id }) => id.split("/").slice(-2).join("/")));
  // Each record is a row or a dead letter.
  expect(audit.missing.filter((name) => !buried.has(name))).toEqual([]);
  expect(audit).toMatchObject({ repeated: [], unexpected: [], unburied: [] });
  expect(audit.missing.length).toBeGreaterThan(0);
});

test("retention removed records, stored ones and others", async () => {
  await dieAhead();
  const ends = await world.admin.fetchTopicOffsets(TOPIC);
  const kept = ends.map(({ partition, high }) => ({ partition, offset: String(Number(high) - 20) }));
  await world.admin.deleteTopicRecords({ topic: TOPIC, partitions: kept });
  await finish();
  // Rows of records that are gone have no record to be compared with.
  expect(await world.audit()).toMatchObject({ missing: [], repeated: [], unburied: [] });
});

test("the table was made anew, the writer running: what was not committed is written again", async () => {
  await world.writer({ environment: { COMMIT_INTERVAL: "200ms" } });
  await world.produce(3000);
  await world.untilWritten();
  const stop = world.produceInBackground();
  await systemClock.sleep(500);
  const before = await world.committed();
  await world.rest.dataset(bigQueryNames.dataset).table(bigQueryNames.events).delete();
  const after = await world.committed();
  await systemClock.sleep(1000);
  await ensureTable(
    world.clients,
    { project: "p", dataset: bigQueryNames.dataset, table: bigQueryNames.events },
    eventsTable,
  );
  await systemClock.sleep(500);
  await stop();
  await world.untilWritten();
  const audit = await world.audit();
  expect(audit).toMatchObject({ repeated: [], unexpected: [] });
  // What was committed before is gone with the old table; a commit may have come between the look and the deletion.
  const isLost = (name: string): boolean => {
    const [partition, offset] = name.split("/").map(Number) as [number, number];
    return offset >= Math.max(before.get(partition)!, after.get(partition)!) + 100;
  };
  expect(audit.missing.filter(isLost)).toEqual([]);
  expect(audit.rows).toBeGreaterThan(500);
});

test("Kafka was made anew and the table stays: its records are other records", async () => {
  await dieAhead();
  const first = await world.rows();
  await using second = await World.start(world.bigQuery);
  await second.produce(3000);
  const writer = await second.writer();
  await second.untilWritten();
  expect(await writer.process.stop()).toMatchObject({ code: 0 });
  expect(await second.audit()).toMatchObject({ ...EXACT, valid: 3000, rows: 3000 });
  expect((await second.rows()).length).toBe(first.length + 3000);
});

test("Kafka was made anew under its address while a writer runs: it ends, and its restart loses nothing", async () => {
  const running = await world.writer();
  await world.produce(1000);
  await world.untilWritten();
  // Asleep, so that the new log is already beyond the old one's end when it looks again.
  running.process.pause();
  await world.broker.server.kill();
  await using second = await World.start(world.bigQuery, world.broker.port);
  await second.produce(3000);
  running.process.resume();
  expect(await exitOf(running)).toMatchObject({ code: 1 });
  expect(running.process.log()).toContain("Kafka was made anew while this process ran");
  const restarted = await second.writer();
  await second.untilWritten();
  expect(await restarted.process.stop()).toMatchObject({ code: 0 });
  expect(await second.audit()).toMatchObject({ ...EXACT, valid: 3000, rows: 3000 });
});

/** How it ends by itself; a writer that should not go on would do so for ever. */
async function exitOf({ process }: RunningWriter): Promise<unknown> {
  await eventually("the writer has ended", () => !process.isRunning, Boolean, { timeoutMs: 60_000 });
  return process.exited;
}

async function makeTopicAnew(): Promise<void> {
  await world.admin.deleteTopics({ topics: [TOPIC] });
  await eventually(
    "the topic is there again",
    () => ensureTopics(world.admin, [kafkaTopics.readings], { clock: systemClock }).then(() => true),
    Boolean,
    { timeoutMs: 20_000 },
  );
}

test("the topic was made anew under its name: refused, with the reason", async () => {
  await dieAhead();
  await makeTopicAnew();
  const writer = await world.writer({ ready: "serving probes" });
  expect(await exitOf(writer)).toMatchObject({ code: 1 });
  expect(writer.process.log()).toContain("the topic was made anew under its name");
});

test("the topic was made anew and has outgrown the old one: refused, until a person gives up what cannot be told apart", async () => {
  const first = await world.writer();
  await world.produce(600);
  await world.untilWritten();
  expect(await first.process.stop()).toMatchObject({ code: 0 });
  const committed = await world.committed();
  await makeTopicAnew();
  await world.produce(3000);
  const writer = await world.writer({ ready: "serving probes" });
  expect(await exitOf(writer)).toMatchObject({ code: 1 });
  expect(writer.process.log()).toContain("the log's record there was taken at");
  expect(await world.rows()).toHaveLength(600);
  const partitions = [...committed].map(([partition, offset]) => ({ partition, offset: String(offset) }));
  await eventually(
    "the offsets are set",
    () => world.admin.setOffsets({ groupId: GROUP, topic: TOPIC, partitions }).then(() => true),
    Boolean,
    { timeoutMs: 30_000 },
  );
  await finish();
  // What was given up has the names of the old rows.
  const audit = await world.audit();
  expect(audit).toMatchObject({ ...EXACT, rows: audit.valid });
});

test("another table than the group has written to: refused, with both names", async () => {
  const writer = await world.writer();
  await world.produce(500);
  await world.untilWritten();
  await writer.process.stop();
  const other = await world.writer({ environment: { BIGQUERY_DATASET: "other" }, ready: "serving probes" });
  expect(await other.process.exited).toMatchObject({ code: 1 });
  expect(other.process.log()).toMatch(
    /has written to projects\/p\/datasets\/iot_raw.*not to projects\/p\/datasets\/other/,
  );
});
