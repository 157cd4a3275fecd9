import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBTimestampTZValue, type DuckDBValue } from "@duckdb/node-api";
import { ManualClock } from "#runtime";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Table } from "../../schema/table.ts";
import type { RowBatch } from "../row-batch.ts";
import { Store } from "../store.ts";
import { createDataset, createTable, deleteTable, updateTable } from "../table-operations.ts";
import type { AppendOutcome } from "../append-task.ts";
import type { WriteStream } from "../write-stream.ts";

const REF = { projectId: "p", datasetId: "d", tableId: "t" };

let dataDir: string;
let clock: ManualClock;
let store: Store;
let table: Table;
let commits: number;

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), "writer-queue-"));
  clock = new ManualClock();
  commits = 0;
  await open(0);
  await createDataset(store, REF, {});
  const fields = [
    { name: "id", type: "INTEGER", mode: "REQUIRED" },
    { name: "at", type: "TIMESTAMP", mode: "NULLABLE" },
  ] as const;
  table = await createTable(store, { ref: REF, kind: "TABLE", fields, requirePartitionFilter: false, metadata: {} });
});
afterEach(async () => {
  await store.close();
  rmSync(dataDir, { recursive: true, force: true });
});

async function open(commitIntervalMs: number): Promise<void> {
  const onCommit = (): void => {
    commits++;
  };
  store = await Store.open({ dataDir, memoryLimitMib: 128, threads: 1, clock, commitIntervalMs, onCommit });
}

const rowsOf = (ids: readonly (number | null)[]): RowBatch => ({
  columns: [
    ids.map((id): DuckDBValue => (id === null ? null : BigInt(id))),
    ids.map(() => new DuckDBTimestampTZValue(0n)),
  ],
  rowCount: ids.length,
  bytes: 100,
});
const append = (
  ids: readonly (number | null)[],
  to: { stream?: WriteStream; offset?: number } = {},
): Promise<AppendOutcome> => store.append({ table, batch: rowsOf(ids), ...to });

async function storedIds(): Promise<number[]> {
  const sql = `SELECT id FROM ${table.storageName} ORDER BY id`;
  return (await store.query(sql, (result) => result.getRowsJson())).map(([id]) => Number(id));
}

async function newStream(): Promise<WriteStream> {
  const stream = store.streams.draft(table, 0);
  await store.writer.exclusive(
    (connection) => store.streams.persist(connection, stream),
    () => store.streams.apply(stream),
  );
  return stream;
}

describe("WriterQueue", () => {
  it("stores appends that wait together in one transaction, in order", async () => {
    const stream = await newStream();
    const outcomes = await Promise.all([
      append([1], { stream, offset: 0 }),
      append([2, 3], { stream, offset: 1 }),
      append([4]),
    ]);
    expect(outcomes).toEqual([
      { kind: "store", offset: 0 },
      { kind: "store", offset: 1 },
      { kind: "store", offset: 0 },
    ]);
    expect(commits).toBe(1);
    expect(await storedIds()).toEqual([1, 2, 3, 4]);
  });

  it("lets a bad append fail alone, and leaves its stream where it was", async () => {
    const stream = await newStream();
    const results = await Promise.allSettled([
      append([1], { stream, offset: 0 }),
      append([null], { stream, offset: 1 }),
      append([2], { stream, offset: 1 }),
    ]);
    expect(results.map((result) => result.status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(await storedIds()).toEqual([1, 2]);
    expect(stream.rows).toBe(2);
  });

  it("cuts a batch that is larger than a chunk", async () => {
    await append(Array.from({ length: 5000 }, (_, i) => i));
    expect(await storedIds()).toEqual(Array.from({ length: 5000 }, (_, i) => i));
  });

  it("keeps its order around work that runs alone", async () => {
    const before = append([1]);
    const counted = store.mutate(`DELETE FROM ${table.storageName}`);
    const after = append([2]);
    expect(await counted).toBe(1);
    await Promise.all([before, after]);
    expect(await storedIds()).toEqual([2]);
  });

  it("rolls back work that fails, does not apply it, and goes on", async () => {
    let applied = false;
    const failed = store.writer.exclusive(
      async (connection) => {
        await connection.run(`INSERT INTO ${table.storageName} VALUES (9, NULL)`);
        throw new Error("no");
      },
      () => (applied = true),
    );
    await expect(failed).rejects.toThrow("no");
    expect(applied).toBe(false);
    await append([1]);
    expect(await storedIds()).toEqual([1]);
  });

  it("fills columns that were added between decoding and writing", async () => {
    const waiting = [
      updateTable(store, REF, (old) => ({
        ...old,
        fields: [...old.fields, { name: "tags", type: "STRING", mode: "REPEATED" }],
      })),
      append([1]),
    ];
    await Promise.all(waiting);
    const sql = `SELECT id, tags FROM ${table.storageName}`;
    expect(await store.query(sql, (result) => result.getRowsJson())).toEqual([["1", []]]);
  });

  it("tells an append that its table has gone", async () => {
    const [, outcome] = await Promise.all([deleteTable(store, REF), append([1])]);
    expect(outcome).toEqual({ kind: "tableGone" });
  });

  it("finishes what is queued when it closes, and refuses more", async () => {
    const last = append([7]);
    const closed = store.close();
    await expect(append([8])).rejects.toThrow("closing");
    expect(await last).toMatchObject({ kind: "store" });
    await closed;
    await open(0);
    expect(await storedIds()).toEqual([7]);
  });
});

describe("the commit interval", () => {
  beforeEach(async () => {
    await store.close();
    await open(50);
    commits = 0;
  });

  it("lets a lone append through, and makes the next ones wait for each other", async () => {
    await append([1]);
    const waiting = [append([2]), append([3])];
    await clock.advance(49);
    expect(commits).toBe(1);
    const late = append([4]);
    await clock.advance(1);
    await Promise.all([...waiting, late]);
    expect(commits).toBe(2);
  });

  it("is cut short by a full group and by work that runs alone", async () => {
    await append([1]);
    await append(Array.from({ length: 2000 }, (_, i) => i));
    const small = append([5]);
    expect(await store.mutate(`DELETE FROM ${table.storageName}`)).toBe(2002);
    await small;
    expect(commits).toBe(3);
  });
});
