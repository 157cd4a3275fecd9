/** BigQuery answers late, wrongly or not at all, or the writer is stopped in between. */
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { kafkaTopics } from "#events";
import { EXIT_CODES, systemClock } from "#runtime";
import { eventually } from "#testkit";
import type { FaultSpec } from "../../../local/bigquery/faults/plan.ts";
import { World, type RunningWriter } from "./world.ts";

const FIXTURE = fileURLToPath(new URL("fixture-writer.ts", import.meta.url));
const EXACT = { missing: [], repeated: [], unexpected: [], unburied: [] };
const SMALL_LIMITS = {
  MAX_APPEND_BYTES: "32KiB",
  MAX_IN_FLIGHT_APPENDS: "6",
  MAX_IN_FLIGHT_BYTES: "128KiB",
  MAX_HELD_BYTES: "1MiB",
};
/** The heap may grow so much by itself; usually it is less than half. */
const MEMORY_NOISE_MIB = 160;
/** Records; held in memory they would be about 300 MiB. */
const LARGE_BACKLOG = 300_000n;

let world: World;
beforeEach(async () => {
  world = await World.start();
});
afterEach(() => world[Symbol.asyncDispose]());

async function stored(writer: RunningWriter, atLeast: number): Promise<void> {
  await eventually(
    `${atLeast} rows`,
    () => writer.metric("writer_rows_stored_total"),
    (rows) => rows >= atLeast,
    { timeoutMs: 30_000 },
  );
}

async function settle(writer: RunningWriter): Promise<void> {
  await world.untilWritten(120_000);
  const audit = await world.audit();
  expect(audit).toMatchObject({ ...EXACT, rows: audit.valid });
  expect(await writer.process.stop()).toMatchObject({ code: 0 });
}

test.each<[string, FaultSpec[], Record<string, string>, number]>([
  ["the answer is lost after the append took effect", [{ kind: "replyLost", share: 0.1 }], {}, 5],
  ["the request is lost", [{ kind: "requestLost", share: 0.1 }], {}, 5],
  ["connections are reset", [{ kind: "reset", share: 0.05 }], {}, 5],
  ["quotas are exhausted now and then", [{ kind: "resourceExhausted", share: 0.1 }], {}, 5],
  ["write streams are gone", [{ kind: "streamGone", after: 20, share: 0.05, count: 10 }], {}, 0],
  [
    "some appends are answered too late",
    [{ kind: "delay", delayMs: 900, share: 0.03 }],
    { APPEND_TIMEOUT: "300ms" },
    5,
  ],
  [
    "everything at once",
    [
      { kind: "replyLost", share: 0.03 },
      { kind: "requestLost", share: 0.03 },
      { kind: "streamGone", after: 20, count: 5 },
      { kind: "delay", delayMs: 500, share: 0.01 },
      { kind: "unavailable", call: "finalizeStream", count: 3 },
      { kind: "replyLost", call: "createStream", count: 3 },
      { kind: "unavailable", call: "rest", count: 5 },
    ],
    { APPEND_TIMEOUT: "300ms" },
    5,
  ],
])("%s: every row exactly once", async (_name, faults, environment, retries) => {
  const writer = await world.writer({ environment: { MAX_APPEND_ROWS: "100", ...environment } });
  const stopLoad = world.produceInBackground({ invalidEvery: 200, count: 200 });
  await stored(writer, 500);
  for (const fault of faults) world.bigQuery.faults.add(fault);
  for (let look = 0; look < 4; look += 1) {
    await systemClock.sleep(1500);
    expect(await world.passedUnwritten()).toEqual([]);
  }
  const hits = (): number[] => world.bigQuery.faults.list().map(({ hits }) => hits);
  await eventually("every fault struck", hits, (each) => Math.min(...each) >= 1, { timeoutMs: 60_000 });
  const retried = (): Promise<number> => writer.metric("writer_append_retries_total");
  await eventually("the writer noticed", retried, (count) => count >= retries, { timeoutMs: 60_000 });
  world.bigQuery.faults.clear();
  await stopLoad();
  await settle(writer);
});

/** Looks at the writer's bounds once a second. */
async function watchBounds(
  writer: RunningWriter,
  { seconds, backlog }: { seconds: number; backlog: bigint },
): Promise<void> {
  const memoryMiB = async (): Promise<number> => (await writer.metric("process_resident_memory_bytes")) / 1024 ** 2;
  const before = await memoryMiB();
  const seen: number[] = [];
  for (let second = 0; second < seconds || (await world.lag()) < backlog; second += 1) {
    await systemClock.sleep(1000);
    expect(await writer.metric("writer_in_flight_bytes")).toBeLessThanOrEqual(128 * 1024);
    expect(await writer.metric("writer_in_flight_appends")).toBeLessThanOrEqual(6);
    seen.push(await memoryMiB());
  }
  console.log(`memory ${[before, ...seen].map((size) => size.toFixed(0)).join(" ")} MiB, lag ${await world.lag()}`);
  expect(Math.max(...seen) - before).toBeLessThan(MEMORY_NOISE_MIB);
}

test("BigQuery is away for 30 s: nothing is passed over, memory is bounded, then all of it is written", async () => {
  const writer = await world.writer({ environment: SMALL_LIMITS });
  const stopLoad = world.produceInBackground({ count: 300, everyMs: 10 });
  await stored(writer, 1000);
  const fault = world.bigQuery.faults.add({ kind: "unavailable" });
  // Paused partitions are not fetched: what comes in during the outage stays in Kafka.
  await watchBounds(writer, { seconds: 30, backlog: LARGE_BACKLOG });
  expect(await world.passedUnwritten()).toEqual([]);
  expect(await writer.metric("writer_paused_partitions")).toBeGreaterThan(8);
  world.bigQuery.faults.remove(fault.id);
  await stopLoad();
  await settle(writer);
});

test("slow appends: intake follows, nothing is passed over, memory is bounded", async () => {
  const writer = await world.writer({ environment: SMALL_LIMITS });
  const stopLoad = world.produceInBackground({ count: 300, everyMs: 10 });
  await stored(writer, 1000);
  world.bigQuery.faults.add({ kind: "delay", delayMs: 500 });
  const paused = (): Promise<number> => writer.metric("writer_paused_partitions");
  await eventually("most partitions are paused", paused, (count) => count > 6, { timeoutMs: 60_000 });
  const storedBefore = await writer.metric("writer_rows_stored_total");
  await watchBounds(writer, { seconds: 10, backlog: LARGE_BACKLOG });
  // It is slow, and it goes on.
  await stored(writer, storedBefore + 1000);
  expect(await paused()).toBeGreaterThan(0);
  expect(await world.passedUnwritten()).toEqual([]);
  world.bigQuery.faults.clear();
  await stopLoad();
  await settle(writer);
});

test("a zombie that wakes up can neither add a row nor move an offset", async () => {
  // Rows wait long for their append, so that the zombie holds many when it falls asleep; and it commits rarely, so that
  // only the commit before its first append names its streams.
  const zombie = await world.writer({
    name: "zombie",
    environment: { FLUSH_INTERVAL: "1s", COMMIT_INTERVAL: "15s" },
  });
  const stopLoad = world.produceInBackground({ count: 100 });
  await stored(zombie, 1000);
  for (let round = 0; round < 3; round += 1) {
    zombie.process.pause();
    const heir = await world.writer({ name: `heir-${round}` });
    await stored(heir, 1000);
    const before = await world.committed();
    zombie.process.resume();
    for (let look = 0; look < 10; look += 1) {
      const now = await world.committed();
      for (const [partition, offset] of before) expect(now.get(partition)).toBeGreaterThanOrEqual(offset);
      await systemClock.sleep(100);
    }
    expect((await world.audit()).repeated).toEqual([]);
    expect(await heir.process.stop()).toMatchObject({ code: 0 });
  }
  // It did try: BigQuery refused its appends because the heir had finalized its streams.
  expect(zombie.process.log()).toMatch(/stream is finalized/i);
  await stopLoad();
  await settle(zombie);
});

test("a row that BigQuery rejects, among good ones: one dead letter, the rest once", async () => {
  // A long session: a machine that is busy elsewhere is no reason to take a partition over.
  const environment = { MAX_APPEND_ROWS: "100", KAFKA_SESSION_TIMEOUT: "30s" };
  const writer = await world.writer({ program: FIXTURE, args: ["--poison"], environment });
  const stopLoad = world.produceInBackground({ count: 100 });
  await stored(writer, 500);
  for (let round = 0; round < 20; round += 1) {
    await world.producePoison(round % 3 === 0 ? 3 : 1);
    await systemClock.sleep(50);
  }
  await stopLoad();
  await world.untilWritten();
  const [audit, letters] = await Promise.all([world.audit(), world.deadLetters()]);
  expect(audit).toMatchObject({ repeated: [], unexpected: [] });
  expect(letters.map(({ reason }) => reason)).toEqual(Array<string>(34).fill("bigquery_rejected"));
  expect(audit.missing.toSorted()).toEqual(letters.map(({ id }) => id.split("/").slice(-2).join("/")).toSorted());
  // The stream of a rejected row goes on: had each of them ended it, these would be as many takeovers more.
  expect(await writer.metric("writer_takeovers_total")).toBeLessThan(kafkaTopics.readings.partitions + 5);
  expect(await writer.process.stop()).toMatchObject({ code: 0 });
});

test("SIGTERM under load: exit 0 inside the grace period, nothing lost, nothing to ask for the next owner", async () => {
  const stopLoad = world.produceInBackground({ count: 300, everyMs: 10, invalidEvery: 100 });
  for (let round = 0; round < 4; round += 1) {
    const writer = await world.writer({ environment: { STOP_GRACE_PERIOD: "20s" } });
    await stored(writer, 3000);
    // Beyond the grace period it would force its own end, with another code.
    expect(await writer.process.stop()).toMatchObject({ code: 0 });
    expect(await world.passedUnwritten()).toEqual([]);
    expect(writer.process.log()).not.toContain("asking the table");
  }
  await stopLoad();
  await settle(await world.writer());
});

test("SIGTERM with a row rate and far more waiting: exit 0, what the rate holds back is the next owner's", async () => {
  // At this rate it is minutes of work, and of what is fetched at once alone more than the grace period.
  for (let round = 0; round < 20; round += 1) await world.produce(1000, { invalidEvery: 100 });
  const stopLoad = world.produceInBackground({ invalidEvery: 100 });
  const rate = { MAX_ROWS_PER_SECOND: "200", MAX_APPEND_ROWS: "50", STOP_GRACE_PERIOD: "20s" };
  for (let round = 0; round < 2; round += 1) {
    const writer = await world.writer({ environment: rate });
    await stored(writer, 400);
    expect(await writer.process.stop(30_000)).toMatchObject({ code: 0 });
    expect(await world.passedUnwritten()).toEqual([]);
    expect(writer.process.log()).not.toContain("asking the table");
  }
  expect(await world.lag()).toBeGreaterThan(10_000n);
  await stopLoad();
  const next = await world.writer();
  await settle(next);
  expect(next.process.log()).not.toContain("asking the table");
});

test("a second SIGTERM ends it at once, and nothing is lost", async () => {
  const writer = await world.writer();
  const stopLoad = world.produceInBackground();
  await stored(writer, 500);
  const freeze = world.bigQuery.faults.add({ kind: "freeze" });
  await systemClock.sleep(300);
  const stopping = writer.process.stop();
  await eventually("it is stopping", () => writer.process.log().includes('"stopping"'));
  await systemClock.sleep(300);
  expect(writer.process.isRunning).toBe(true);
  void writer.process.stop();
  expect(await stopping).toMatchObject({ code: EXIT_CODES.secondSignal });
  world.bigQuery.faults.remove(freeze.id);
  await stopLoad();
  await settle(await world.writer());
});

test("at-least-once: nothing is lost; the mode can change only after a stop in order", async () => {
  const atLeastOnce = { WRITE_MODE: "at-least-once" };
  const first = await world.writer({
    program: FIXTURE,
    args: ["--poison"],
    environment: { ...atLeastOnce, MAX_APPEND_ROWS: "50" },
  });
  const stopLoad = world.produceInBackground({ invalidEvery: 100, count: 100 });
  await stored(first, 500);
  world.bigQuery.faults.add({ kind: "replyLost", share: 0.2 });
  for (let round = 0; round < 5; round += 1) {
    await world.producePoison(1);
    await systemClock.sleep(200);
  }
  world.bigQuery.faults.clear();
  await stored(first, 3000);
  await first.process.kill();
  const refused = await world.writer({ ready: "serving probes" });
  expect(await refused.process.exited).toMatchObject({ code: 1 });
  expect(refused.process.log()).toContain("was not stopped in order");
  const second = await world.writer({ program: FIXTURE, args: ["--poison"], environment: atLeastOnce });
  await stored(second, 500);
  expect(await second.process.stop()).toMatchObject({ code: 0 });
  await stopLoad();
  const third = await world.writer();
  await world.untilWritten();
  const [audit, letters] = await Promise.all([world.audit(), world.deadLetters()]);
  const buried = new Set(letters.map(({ id }) => id.split("/").slice(-2).join("/")));
  expect(audit.missing.filter((name) => !buried.has(name))).toEqual([]);
  expect(audit.missing.length).toBeLessThanOrEqual(5);
  expect(audit).toMatchObject({ unexpected: [], unburied: [] });
  expect(audit.repeated.length).toBeGreaterThan(0);
  expect(await third.process.stop()).toMatchObject({ code: 0 });
});
