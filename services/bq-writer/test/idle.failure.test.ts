/** Partitions without rows give their write streams back, and nobody has to ask for what was in them. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { rowDescriptor, WriteStream } from "#bigquery";
import { eventColumns, kafkaTopics } from "#events";
import type { ConsumedRecord } from "#kafka";
import { systemClock } from "#runtime";
import { eventually } from "#testkit";
import { decodeMetadata, type CommitMetadata } from "../commit-metadata.ts";
import { readingRows } from "../readings.ts";
import { GROUP, reading, World, type RunningWriter } from "./world.ts";

const EXACT = { missing: [], repeated: [], unexpected: [], unburied: [] };
const PARTITIONS = kafkaTopics.readings.partitions;
const IDLE = { IDLE_TIMEOUT: "1s" };

let world: World;
beforeEach(async () => {
  world = await World.start();
});
afterEach(() => world[Symbol.asyncDispose]());

/** What the group has committed for each partition. */
async function metadata(): Promise<CommitMetadata[]> {
  const [group] = await world.admin.fetchOffsets({ groupId: GROUP, topics: [kafkaTopics.readings.name] });
  return group!.partitions.map(({ metadata: text }) => {
    const found = decodeMetadata(text ?? "");
    if (found.kind !== "found") throw new Error(`no metadata of the writer: ${text}`);
    return found.metadata;
  });
}

/** Produces, waits until all of it is written and no commit names a stream. */
async function writeAndRest(count: number): Promise<void> {
  await world.produce(count);
  await world.untilWritten();
  const named = async (): Promise<number> => (await metadata()).filter(({ stream }) => stream !== null).length;
  await eventually("no commit names a stream", named, (streams) => streams === 0, { timeoutMs: 60_000 });
}

/** The streams that the writer says it has finalized. */
function finalizedBy({ process }: RunningWriter): string[] {
  const lines = process.log().matchAll(/"stream":"([^"]+)"[^\n]*"the stream is finalized"/g);
  return [...lines].map(([, stream]) => stream!);
}

/** BigQuery's words when somebody appends to it. */
async function appendTo(stream: string): Promise<string> {
  const opened = new WriteStream({
    ...{ clients: world.clients, stream, descriptor: rowDescriptor(eventColumns), clock: systemClock },
    ...{ appendTimeoutMs: 10_000, onRetry: () => undefined },
  });
  try {
    return (await opened.append([anyRow()], undefined)).kind;
  } catch (error) {
    return JSON.stringify((error as { details?: unknown }).details);
  } finally {
    await opened.close(new Error("seen"));
  }
}

/** One that is good enough for the table, and of no record of this world. */
function anyRow(): Uint8Array {
  const nowMs = systemClock.nowMs();
  const [key, value] = ["house/sensor-1", reading("sensor-1", 1, nowMs)].map((text) => Buffer.from(text));
  const row = readingRows(
    "elsewhere/readings",
    0,
  )({ offset: "0", timestamp: String(nowMs), key, value } as ConsumedRecord);
  if (!row.ok) throw new Error(row.detail);
  return row.bytes;
}

async function expectExact(rows: number): Promise<void> {
  expect(await world.audit()).toMatchObject({ ...EXACT, valid: rows, rows });
}

test("idle: the streams are finalized; rows that come later go into new ones", async () => {
  const writer = await world.writer({ environment: IDLE });
  await writeAndRest(2000);
  const first = finalizedBy(writer);
  expect(first.length).toBeGreaterThanOrEqual(PARTITIONS);
  for (const stream of first) expect(await appendTo(stream)).toMatch(/stream is finalized/i);
  await writeAndRest(2000);
  const all = finalizedBy(writer);
  expect(new Set(all).size).toBeGreaterThanOrEqual(first.length + PARTITIONS);
  await expectExact(4000);
  expect(await writer.process.stop()).toMatchObject({ code: 0 });
});

test("kill -9 while idle: the next owner has nothing to ask", async () => {
  const killed = await world.writer({ environment: IDLE });
  await writeAndRest(2000);
  await killed.process.kill();
  const next = await world.writer({ environment: IDLE });
  const owned = (): Promise<number> => next.metric("writer_partitions");
  await eventually("all is taken over", owned, (partitions) => partitions === PARTITIONS, { timeoutMs: 60_000 });
  expect(await next.metric("writer_takeover_questions_total")).toBe(0);
  expect(next.process.log()).not.toContain("asking the table");
  await writeAndRest(2000);
  await expectExact(4000);
  expect(await next.process.stop()).toMatchObject({ code: 0 });
});
