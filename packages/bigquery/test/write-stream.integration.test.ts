import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import {
  bigQueryClients,
  bigQueryErrors,
  checkTable,
  createStream,
  ensureDataset,
  ensureTable,
  finalizeStream,
  RowEncoder,
  rowDescriptor,
  sqlName,
  storedOffsets,
  WriteStream,
  type AppendRetry,
  type BigQueryClients,
  type TableId,
} from "#bigquery";
import { eventColumns, eventsTable } from "#events";
import { EmbeddedBigQuery } from "#local/bigquery";
import { systemClock } from "#runtime";
import { temporaryDirectory } from "#testkit";

const encoder = new RowEncoder(eventColumns);
const descriptor = rowDescriptor(eventColumns);
const BAD_ROW = new Uint8Array(0);
/** Kafka has taken the record with offset 0 then, and each other one a millisecond after the one before. */
const INGEST_MS = systemClock.nowMs();

let bigQuery: EmbeddedBigQuery;
let clients: BigQueryClients;
let table: TableId;
let stream: WriteStream;
let retries: AppendRetry[];
let tables = 0;

beforeAll(async () => {
  bigQuery = await EmbeddedBigQuery.start({
    dataDir: temporaryDirectory("write-stream"),
    bearerToken: "s3cret",
    commitIntervalMs: 0,
  });
  clients = bigQueryClients({
    project: "p",
    restEndpoint: bigQuery.restUrl,
    grpcEndpoint: `127.0.0.1:${bigQuery.grpcPort}`,
    token: "s3cret",
  });
  await ensureDataset(clients, "d");
});
afterAll(async () => {
  await clients.close();
  await bigQuery.stop();
});
beforeEach(async () => {
  table = { project: "p", dataset: "d", table: `t${(tables += 1)}` };
  await ensureTable(clients, table, eventsTable);
  retries = [];
  stream = await open();
});
afterEach(async () => {
  bigQuery.faults.clear();
  await stream.close(new Error("the test is over"));
});

async function open(appendTimeoutMs = 5000): Promise<WriteStream> {
  const name = await createStream(clients, table);
  return new WriteStream({
    ...{ clients, descriptor, appendTimeoutMs, stream: name, clock: systemClock },
    onRetry: (retry) => void retries.push(retry),
  });
}

/** Rows with the offsets from `from` on. */
function rows(from: number, count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, index) => {
    const nowMs = systemClock.nowMs();
    const device = [1, "s", "boot", from + index, nowMs, "berlin", 1, 2, 3, 4, 5, "ok", undefined];
    return encoder.encode([...device, "house", "cluster/topic", 0, from + index, INGEST_MS + from + index]);
  });
}

async function offsets(): Promise<number[]> {
  const [found] = await clients.rest.query(`SELECT kafka_offset AS o FROM ${sqlName(table)} ORDER BY o`);
  return (found as { o: number }[]).map(({ o }) => o);
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

/** Twenty appends of five rows, all handed over at once. */
function appendAll(): Promise<{ kind: string }[]> {
  return Promise.all(Array.from({ length: 20 }, (_, index) => stream.append(rows(index * 5, 5), index * 5)));
}

test.each([
  ["nothing fails", undefined],
  ["answers are lost", { kind: "replyLost", count: 3, after: 4 }],
  ["requests are lost", { kind: "requestLost", count: 3, after: 4 }],
  ["connections are reset", { kind: "reset", count: 3, after: 4 }],
  ["BigQuery is away for a while", { kind: "unavailable", count: 6 }],
  ["quotas are exhausted in-band", { kind: "resourceExhausted", count: 3, after: 4 }],
] as const)("pipelined appends, %s: each row once, in order", async (_name, fault) => {
  if (fault !== undefined) bigQuery.faults.add(fault);
  const outcomes = await appendAll();
  expect(outcomes).toEqual(Array<unknown>(20).fill({ kind: "stored" }));
  expect(await offsets()).toEqual(upTo(100));
  expect(retries.length > 0).toBe(fault !== undefined);
  expect(await finalizeStream(clients, stream.name)).toBe(100);
});

test("an answer that does not come in time is asked for again over a new connection", async () => {
  await stream.close(new Error("another one"));
  stream = await open(300);
  bigQuery.faults.add({ kind: "delay", delayMs: 1000, count: 1, after: 3 });
  expect(await appendAll()).toEqual(Array<unknown>(20).fill({ kind: "stored" }));
  expect(await offsets()).toEqual(upTo(100));
  expect(retries[0]).toMatchObject({ code: 4 });
});

test("a rejected row: nothing behind it is stored, all outcomes are known, and another cut goes on", async () => {
  const good = rows(0, 10);
  const [first, bad, behind] = await Promise.all([
    stream.append(good.slice(0, 5), 0),
    stream.append([good[5]!, BAD_ROW, good[6]!], 5),
    stream.append(good.slice(7), 8),
  ]);
  expect(first).toEqual({ kind: "stored" });
  expect(bad).toMatchObject({ kind: "rejected", rows: [{ index: 1 }] });
  expect(behind).toEqual({ kind: "notReached" });
  expect(await stream.append(good.slice(8), 9)).toEqual({ kind: "notReached" });
  expect(await stream.append(good.slice(5), 5)).toEqual({ kind: "stored" });
  expect(await offsets()).toEqual(upTo(10));
});

test("a rejected row while an earlier copy is on its way: the stream is lost, not cut again", async () => {
  bigQuery.faults.add({ kind: "replyLost", count: 1 });
  const good = rows(0, 5);
  const appends = [stream.append(good, 0), stream.append([BAD_ROW], 5), stream.append(rows(5, 5), 6)];
  const outcomes = await Promise.allSettled(appends);
  expect(outcomes[0]).toMatchObject({ status: "fulfilled", value: { kind: "stored" } });
  for (const outcome of outcomes.slice(1))
    expect(outcome).toMatchObject({ status: "rejected", reason: { code: "BIGQUERY_STREAM_LOST" } });
  expect(await offsets()).toEqual(upTo(5));
});

test.each(["streamGone", "finalized", "gap"] as const)("%s: the stream is lost, and says so for ever", async (how) => {
  expect(await stream.append(rows(0, 5), 0)).toEqual({ kind: "stored" });
  if (how === "streamGone") bigQuery.faults.add({ kind: "streamGone", count: 1 });
  if (how === "finalized") expect(await finalizeStream(clients, stream.name)).toBe(5);
  const lost = { code: "BIGQUERY_STREAM_LOST", retryable: true };
  await expect(stream.append(rows(5, 5), how === "gap" ? 7 : 5)).rejects.toMatchObject(lost);
  await expect(stream.append(rows(5, 5), 5)).rejects.toMatchObject(lost);
  expect(await offsets()).toEqual(upTo(5));
});

test("closing gives up what has no outcome", async () => {
  bigQuery.faults.add({ kind: "freeze" });
  const append = stream.append(rows(0, 5), 0);
  const reason = new Error("the ownership has ended");
  await Promise.all([expect(append).rejects.toBe(reason), systemClock.sleep(50).then(() => stream.close(reason))]);
});

test("finalizing is repeatable, and a stream that is not there has no rows", async () => {
  await stream.append(rows(0, 7), 0);
  expect(await finalizeStream(clients, stream.name)).toBe(7);
  expect(await finalizeStream(clients, stream.name)).toBe(7);
  expect(await finalizeStream(clients, `${stream.name}x`)).toBeUndefined();
});

test("the table is asked for one partition of one source, behind an offset, from a time on", async () => {
  await stream.append(rows(0, 20), 0);
  const question = {
    table,
    kafkaSource: "cluster/topic",
    kafkaPartition: 0,
    afterOffset: 4,
    sinceEventTimeMs: undefined,
  };
  expect(await storedOffsets(clients, question)).toEqual({
    count: 15,
    maxOffset: 19,
    maxOffsetIngestMs: INGEST_MS + 19,
  });
  const none = { count: 0, maxOffset: undefined, maxOffsetIngestMs: undefined };
  expect(await storedOffsets(clients, { ...question, kafkaSource: "other" })).toEqual(none);
  expect(await storedOffsets(clients, { ...question, kafkaPartition: 1 })).toEqual(none);
  const recent = { ...question, sinceEventTimeMs: systemClock.nowMs() - 60_000 };
  expect(await storedOffsets(clients, recent)).toMatchObject({ count: 15, maxOffset: 19 });
  expect(await storedOffsets(clients, { ...recent, sinceEventTimeMs: systemClock.nowMs() + 1000 })).toEqual(none);
});

test("what was made passes the check; what differs, or is not there, is named", async () => {
  await checkTable(clients, table, eventsTable);
  expect(await ensureTable(clients, table, eventsTable)).toBe(false);
  const clustered = { ...eventsTable, clustering: { fields: ["tenant"] } };
  await expect(checkTable(clients, table, clustered)).rejects.toThrow("clustering: is sensor_id, must be tenant");
  const missing = checkTable(clients, { ...table, table: "nowhere" }, eventsTable);
  await expect(missing).rejects.toSatisfy((error) => bigQueryErrors.is(error, "BIGQUERY_TABLE_MISMATCH"));
});

test("a dataset is made where it was asked for, and one elsewhere is refused for good", async () => {
  expect(await ensureDataset(clients, "europe", "europe-west1")).toBe(true);
  const [{ location }] = (await clients.rest.dataset("europe").getMetadata()) as unknown as [{ location?: string }];
  expect(location).toBe("europe-west1");
  expect(await ensureDataset(clients, "europe", "EUROPE-WEST1")).toBe(false);
  expect(await ensureDataset(clients, "europe")).toBe(false);
  await expect(ensureDataset(clients, "europe", "EU")).rejects.toMatchObject({
    code: "BIGQUERY_DATASET_MISMATCH",
    retryable: false,
    message: expect.stringContaining("dataset p.europe is in europe-west1, not in EU") as string,
  });
});

test("without a location the dataset is made where BigQuery makes it, and that is compared too", async () => {
  expect(await ensureDataset(clients, "anywhere")).toBe(true);
  expect(await ensureDataset(clients, "anywhere", "us")).toBe(false);
  await expect(ensureDataset(clients, "anywhere", "EU")).rejects.toThrow("is in US, not in EU");
});

test("a wrong token is refused", async () => {
  const stranger = bigQueryClients({
    project: "p",
    restEndpoint: bigQuery.restUrl,
    grpcEndpoint: `127.0.0.1:${bigQuery.grpcPort}`,
    token: "wrong",
  });
  await expect(createStream(stranger, table)).rejects.toThrow();
  await expect(ensureDataset(stranger, "e")).rejects.toThrow();
  await stranger.close();
});
