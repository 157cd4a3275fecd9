import type { TableField } from "@google-cloud/bigquery";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Appender } from "./appender.ts";
import { openTarget, type Target } from "./target.ts";

/**
 * The rules of the Storage Write API, each asked through the official client. Runs against real BigQuery too. Where the
 * documentation leaves a point open the test says so and takes what is documented.
 *
 * Source: https://cloud.google.com/bigquery/docs/reference/storage/rpc/google.cloud.bigquery.storage.v1 and
 * https://cloud.google.com/bigquery/docs/write-api-best-practices
 */
const CODE = {
  INVALID_ARGUMENT: 3,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  FAILED_PRECONDITION: 9,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
};
const STORAGE = { STREAM_NOT_FOUND: 3, STREAM_FINALIZED: 6, EXTRA_FIELDS: 7, ALREADY_EXISTS: 8, OUT_OF_RANGE: 9 };

const COLUMNS: TableField[] = [
  { name: "id", type: "INTEGER", mode: "REQUIRED" },
  { name: "note", type: "STRING" },
  { name: "at", type: "TIMESTAMP" },
];

let target: Target;
beforeAll(async () => {
  target = await openTarget();
});
afterAll(async () => {
  await target.stop();
});

async function makeTable(columns: readonly TableField[] = COLUMNS): Promise<{ id: string; path: string }> {
  const id = target.freshTableId();
  await target.client.dataset(target.datasetId).createTable(id, { schema: { fields: [...columns] } });
  return { id, path: `projects/${target.projectId}/datasets/${target.datasetId}/tables/${id}` };
}

async function ids(tableId: string): Promise<number[]> {
  const [rows] = await target.client.query(`SELECT id FROM \`${target.datasetId}.${tableId}\` ORDER BY id`);
  return (rows as { id: number }[]).map((row) => row.id);
}

const rowsOf = (...values: number[]): { id: number }[] => values.map((id) => ({ id }));
const openStream = async (): Promise<{ id: string; path: string; appender: Appender }> => {
  const table = await makeTable();
  return { ...table, appender: await Appender.open(target.writer, { newStreamOf: table.path }, COLUMNS) };
};

describe("a COMMITTED stream", () => {
  it("stores rows at the offset asked for, visible at once", async () => {
    const { id, appender } = await openStream();
    expect(await appender.append(rowsOf(1, 2), 0)).toMatchObject({ stored: true, offset: 0 });
    expect(await ids(id)).toEqual([1, 2]);
    expect(await appender.append(rowsOf(3), 2)).toMatchObject({ stored: true, offset: 2 });
    expect(await appender.append(rowsOf(4))).toMatchObject({ stored: true, offset: 3 });
    expect(await ids(id)).toEqual([1, 2, 3, 4]);
  });

  it("answers ALREADY_EXISTS to an offset that it has, and stores nothing", async () => {
    const { id, appender } = await openStream();
    await appender.append(rowsOf(1, 2), 0);
    const again = await appender.append(rowsOf(1, 2), 0);
    expect(again).toMatchObject({ stored: false, code: CODE.ALREADY_EXISTS, storageCode: STORAGE.ALREADY_EXISTS });
    expect(await ids(id)).toEqual([1, 2]);
  });

  it("refuses a negative offset (open in the documentation: either code for a wrong request is taken)", async () => {
    const { id, appender } = await openStream();
    expect([CODE.INVALID_ARGUMENT, CODE.OUT_OF_RANGE]).toContain((await appender.append(rowsOf(1), -1)).code);
    expect(await appender.append(rowsOf(2), 0)).toMatchObject({ stored: true, offset: 0 });
    expect(await ids(id)).toEqual([2]);
  });

  it("refuses a range that overlaps its end (open in the documentation: either offset error is taken)", async () => {
    const { id, appender } = await openStream();
    await appender.append(rowsOf(1, 2), 0);
    const overlap = await appender.append(rowsOf(2, 3), 1);
    expect([CODE.ALREADY_EXISTS, CODE.OUT_OF_RANGE]).toContain(overlap.code);
    expect(await ids(id)).toEqual([1, 2]);
  });

  it("answers OUT_OF_RANGE to a gap, and goes on after it", async () => {
    const { id, appender } = await openStream();
    expect(await appender.append(rowsOf(9), 1)).toMatchObject({
      code: CODE.OUT_OF_RANGE,
      storageCode: STORAGE.OUT_OF_RANGE,
    });
    expect(await appender.append(rowsOf(1), 0)).toMatchObject({ stored: true });
    expect(await ids(id)).toEqual([1]);
  });

  it("answers pipelined appends in order, each on its own", async () => {
    const { id, appender } = await openStream();
    const replies = await Promise.all(
      Array.from({ length: 100 }, (_, i) => appender.append(rowsOf(2 * i, 2 * i + 1), 2 * i)),
    );
    expect(replies.map((reply) => reply.offset)).toEqual(Array.from({ length: 100 }, (_, i) => 2 * i));
    expect(await ids(id)).toHaveLength(200);
  });

  it("judges what is pipelined behind a refused append by the offsets alone", async () => {
    const { id, appender } = await openStream();
    const [bad, behind] = await Promise.all([appender.append([{ note: "no id" }], 0), appender.append(rowsOf(2), 1)]);
    expect(bad).toMatchObject({ code: CODE.INVALID_ARGUMENT });
    expect(behind).toMatchObject({ stored: false, code: CODE.OUT_OF_RANGE });
    expect(await ids(id)).toEqual([]);
  });

  it("names the rows that do not fit, stores none of the append, and keeps the offset", async () => {
    const { id, appender } = await openStream();
    const mixed = await appender.append(
      [{ id: 1 }, { note: "no id" }, { id: 3, at: "253402300800000000" }, { id: 4 }],
      0,
    );
    expect(mixed).toMatchObject({ stored: false, code: CODE.INVALID_ARGUMENT, rowErrors: [1, 2] });
    expect(await ids(id)).toEqual([]);
    expect(await appender.append(rowsOf(1), 0)).toMatchObject({ stored: true, offset: 0 });
  });

  it("takes appends of several connections, in the order of their offsets", async () => {
    const { id, appender } = await openStream();
    const second = await Appender.open(target.writer, { streamId: appender.streamId }, COLUMNS);
    await appender.append(rowsOf(1), 0);
    expect(await second.append(rowsOf(2), 1)).toMatchObject({ stored: true });
    expect(await appender.append(rowsOf(9), 1)).toMatchObject({ code: CODE.ALREADY_EXISTS });
    expect(await appender.append(rowsOf(3), 2)).toMatchObject({ stored: true });
    expect(await ids(id)).toEqual([1, 2, 3]);
  });

  it("takes only one of many connections that race for the same offset", async () => {
    const { id, appender } = await openStream();
    const racers = await Promise.all(
      Array.from({ length: 8 }, () => Appender.open(target.writer, { streamId: appender.streamId }, COLUMNS)),
    );
    const replies = await Promise.all(racers.map((racer, i) => racer.append(rowsOf(i), 0)));
    expect(replies.filter((reply) => reply.stored)).toHaveLength(1);
    expect(replies.filter((reply) => reply.code === CODE.ALREADY_EXISTS)).toHaveLength(7);
    expect(await ids(id)).toHaveLength(1);
  });

  it("reports its rows when it is finalized, again and again, and takes no more", async () => {
    const { appender } = await openStream();
    await appender.append(rowsOf(1, 2, 3), 0);
    expect(Number((await appender.connection.finalize())?.rowCount)).toBe(3);
    expect(Number((await appender.connection.finalize())?.rowCount)).toBe(3);
    const late = await appender.append(rowsOf(4), 3);
    expect(late).toMatchObject({ stored: false, code: CODE.FAILED_PRECONDITION });
    if (late.storageCode !== undefined) expect(late.storageCode).toBe(STORAGE.STREAM_FINALIZED);
  });

  it("describes itself", async () => {
    const { path, appender } = await openStream();
    const info = await target.writer.getWriteStream({
      streamId: appender.streamId,
      view: "FULL",
    } as never);
    expect(info.name).toBe(appender.streamId);
    expect(appender.streamId.startsWith(`${path}/streams/`)).toBe(true);
    expect(info.tableSchema?.fields?.map((field) => field.name)).toEqual(["id", "note", "at"]);
  });
});

describe("the default stream", () => {
  it("stores without offsets, and tells none", async () => {
    const { id, path } = await makeTable();
    const appender = await Appender.open(target.writer, { streamId: `${path}/streams/_default` }, COLUMNS);
    expect(await appender.append(rowsOf(1))).toMatchObject({ stored: true, offset: undefined });
    expect(await appender.append(rowsOf(1))).toMatchObject({ stored: true, offset: undefined });
    expect(await ids(id)).toEqual([1, 1]);
  });

  it("refuses an offset", async () => {
    const { path } = await makeTable();
    const appender = await Appender.open(target.writer, { streamId: `${path}/streams/_default` }, COLUMNS);
    expect(await appender.append(rowsOf(1), 0)).toMatchObject({ stored: false, code: CODE.INVALID_ARGUMENT });
  });
});

describe("requests that are wrong", () => {
  it("an unknown stream is NOT_FOUND", async () => {
    const { path } = await makeTable();
    const appender = await Appender.open(target.writer, { streamId: `${path}/streams/nobody` }, COLUMNS);
    const reply = await appender.append(rowsOf(1), 0);
    expect(reply).toMatchObject({ stored: false, code: CODE.NOT_FOUND });
    if (target.embedded) expect(reply.storageCode).toBe(STORAGE.STREAM_NOT_FOUND);
  });

  it("an unknown table is NOT_FOUND", async () => {
    const path = `projects/${target.projectId}/datasets/${target.datasetId}/tables/nobody`;
    await expect(Appender.open(target.writer, { newStreamOf: path }, COLUMNS)).rejects.toThrow(/5 NOT_FOUND/);
  });

  it("fields that the table does not have are refused by name", async () => {
    const { path } = await makeTable();
    const columns = [...COLUMNS, { name: "stranger", type: "STRING" }];
    const appender = await Appender.open(target.writer, { newStreamOf: path }, columns);
    const reply = await appender.append([{ id: 1, stranger: "x" }], 0);
    expect(reply).toMatchObject({ stored: false, code: CODE.INVALID_ARGUMENT });
    if (target.embedded) expect(reply.storageCode).toBe(STORAGE.EXTRA_FIELDS);
    expect(reply.message).toContain("stranger");
  });

  it("a descriptor of the wrong type is refused", async () => {
    const { path } = await makeTable();
    const appender = await Appender.open(target.writer, { newStreamOf: path }, [{ name: "id", type: "STRING" }]);
    expect(await appender.append([{ id: "1" }], 0)).toMatchObject({ stored: false, code: CODE.INVALID_ARGUMENT });
  });

  it("a descriptor without a REQUIRED column is refused", async () => {
    const { path } = await makeTable();
    const appender = await Appender.open(target.writer, { newStreamOf: path }, [{ name: "note", type: "STRING" }]);
    expect(await appender.append([{ note: "x" }], 0)).toMatchObject({ stored: false, code: CODE.INVALID_ARGUMENT });
  });

  it("a request over the limit is refused, one under it stored", async () => {
    const { id, path } = await makeTable();
    const appender = await Appender.open(target.writer, { newStreamOf: path }, COLUMNS);
    const large = (bytes: number): { id: number; note: string }[] => [{ id: 1, note: "x".repeat(bytes) }];
    expect(await appender.append(large(21_000_000), 0)).toMatchObject({ stored: false });
    const fresh = await Appender.open(target.writer, { streamId: appender.streamId }, COLUMNS);
    expect(await fresh.append(large(9_000_000), 0)).toMatchObject({ stored: true });
    expect(await ids(id)).toEqual([1]);
  });
});

describe("a table that changes", () => {
  it("tells a connection of a new column once, and takes rows with and without it", async () => {
    const { id, appender } = await openStream();
    await appender.append(rowsOf(1), 0);
    const table = target.client.dataset(target.datasetId).table(id);
    const columns = [...COLUMNS, { name: "extra", type: "STRING" }];
    await table.setMetadata({ schema: { fields: columns } });
    const told = await appender.append(rowsOf(2), 1);
    expect(told).toMatchObject({ stored: true });
    if (target.embedded) expect(told.updatedSchema).toEqual(["id", "note", "at", "extra"]);
    expect((await appender.append(rowsOf(3), 2)).updatedSchema ?? []).toEqual([]);
    const wider = await Appender.open(target.writer, { streamId: appender.streamId }, columns);
    expect(await wider.append([{ id: 4, extra: "new" }], 3)).toMatchObject({ stored: true });
    const [rows] = await target.client.query(`SELECT id, extra FROM \`${target.datasetId}.${id}\` ORDER BY id`);
    expect(rows).toEqual([1, 2, 3, 4].map((each) => ({ id: each, extra: each === 4 ? "new" : null })));
  });

  it("that is deleted takes its streams with it, and a new one of the same name has none of them", async () => {
    const { id, appender } = await openStream();
    await appender.append(rowsOf(1), 0);
    const dataset = target.client.dataset(target.datasetId);
    await dataset.table(id).delete();
    expect(await appender.append(rowsOf(2), 1)).toMatchObject({ stored: false });
    if (!target.embedded) return;
    await dataset.createTable(id, { schema: { fields: COLUMNS } });
    expect(await appender.append(rowsOf(2), 1)).toMatchObject({ stored: false, code: CODE.NOT_FOUND });
    await expect(appender.connection.finalize()).rejects.toMatchObject({ code: CODE.NOT_FOUND });
    expect(await ids(id)).toEqual([]);
  });
});

describe("what the embedded BigQuery does not do", () => {
  it.each(["PENDING", "BUFFERED"] as const)("%s streams are refused as UNIMPLEMENTED", async (streamType) => {
    if (!target.embedded) return;
    const { path } = await makeTable();
    const made = target.writer.createWriteStream({ streamType, destinationTable: path });
    await expect(made).rejects.toMatchObject({ code: CODE.UNIMPLEMENTED });
  });
});
