import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Dataset } from "@google-cloud/bigquery";
import { failure, metadataOf, rowsOf } from "./client.ts";
import { isLocal, startTarget, type Target, uniqueId } from "./server.ts";

let target: Target;
let dataset: Dataset;

beforeAll(async () => {
  target = await startTarget();
  dataset = target.client.dataset(target.datasetId);
});
afterAll(async () => target.stop());

const COLUMNS = [
  { name: "id", type: "INTEGER", mode: "REQUIRED", description: "number" },
  { name: "at", type: "TIMESTAMP", mode: "NULLABLE" },
  { name: "tags", type: "STRING", mode: "REPEATED" },
  {
    name: "place",
    type: "RECORD",
    mode: "NULLABLE",
    fields: [
      { name: "floor", type: "FLOAT", mode: "NULLABLE" },
      { name: "rooms", type: "RECORD", mode: "REPEATED", fields: [{ name: "n", type: "NUMERIC", mode: "NULLABLE" }] },
    ],
  },
];

describe("datasets", () => {
  test("are made, read, changed, listed and deleted", async () => {
    const id = uniqueId("ds");
    await target.client.createDataset(id, { description: "a", labels: { team: "x", env: "y" }, location: "US" });
    const made = await metadataOf(target.client.dataset(id));
    expect(made).toMatchObject({
      kind: "bigquery#dataset",
      id: `${target.projectId}:${id}`,
      datasetReference: { projectId: target.projectId, datasetId: id },
      description: "a",
      labels: { team: "x", env: "y" },
      location: "US",
    });
    expect(made.etag).toBeTruthy();
    await target.client.dataset(id).setMetadata({ description: "b", labels: { env: null } });
    const changed = await metadataOf(target.client.dataset(id));
    expect(changed).toMatchObject({ description: "b", labels: { team: "x" } });
    expect(changed.etag).not.toBe(made.etag);
    const [all] = await target.client.getDatasets();
    expect(all.map((one) => one.id)).toContain(id);
    await target.client.dataset(id).delete();
    expect(await target.client.dataset(id).exists()).toEqual([false]);
  });

  test("are deleted with tables only if that is asked for", async () => {
    const id = uniqueId("ds");
    const [full] = await target.client.createDataset(id);
    await full.createTable("t", { schema: COLUMNS });
    expect(await failure(full.delete())).toMatchObject({ code: 400, reason: "resourceInUse" });
    await full.delete({ force: true });
    expect(await full.exists()).toEqual([false]);
  });

  test("errors", async () => {
    expect(await failure(target.client.createDataset(target.datasetId))).toMatchObject({
      code: 409,
      reason: "duplicate",
    });
    expect(await failure(target.client.dataset("nowhere").getMetadata())).toMatchObject({
      code: 404,
      reason: "notFound",
    });
    expect(await failure(target.client.createDataset("a-b"))).toMatchObject({ code: 400, reason: "invalid" });
  });

  test.runIf(isLocal)("default expirations are refused by name", async () => {
    const refused = await failure(target.client.createDataset("d2", { defaultTableExpirationMs: "3600000" }));
    expect(refused).toMatchObject({ code: 501, reason: "notImplemented" });
    expect(refused.message).toContain("defaultTableExpirationMs");
  });
});

describe("tables", () => {
  test("metadata comes back as it was sent", async () => {
    const id = uniqueId("t");
    const sent = {
      schema: { fields: COLUMNS },
      description: "readings",
      labels: { team: "x" },
      timePartitioning: { type: "DAY", field: "at", expirationMs: "864000000000" },
      requirePartitionFilter: true,
      clustering: { fields: ["id"] },
    };
    await dataset.createTable(id, sent);
    const got = await metadataOf(dataset.table(id));
    expect(got).toMatchObject({
      ...sent,
      kind: "bigquery#table",
      id: `${target.projectId}:${target.datasetId}.${id}`,
      tableReference: { projectId: target.projectId, datasetId: target.datasetId, tableId: id },
      numRows: "0",
      type: "TABLE",
    });
    for (const name of ["etag", "selfLink", "creationTime", "lastModifiedTime", "location"])
      expect(got[name]).toBeTruthy();
    await dataset.table(id).delete();
  });

  test("the older place of requirePartitionFilter is obeyed too", async () => {
    const id = uniqueId("t");
    const timePartitioning = { type: "HOUR", field: "at", requirePartitionFilter: true };
    await dataset.createTable(id, { schema: { fields: COLUMNS }, timePartitioning } as never);
    const got = await metadataOf(dataset.table(id));
    expect(got).toMatchObject({ timePartitioning, requirePartitionFilter: true });
  });

  test("type names of GoogleSQL become those of the API", async () => {
    const id = uniqueId("t");
    const types = ["INT64", "FLOAT64", "BOOL"];
    await dataset.createTable(id, { schema: { fields: types.map((type) => ({ name: type, type })) } });
    const { schema } = await metadataOf(dataset.table(id));
    expect(schema.fields.map((field) => field.type)).toEqual(["INTEGER", "FLOAT", "BOOLEAN"]);
  });

  test("columns can be added, at the end and nullable", async () => {
    const id = uniqueId("t");
    const [table] = await dataset.createTable(id, { schema: { fields: COLUMNS } });
    await table.insert({ id: 1 });
    const more = [
      { name: "new_text", type: "STRING", mode: "NULLABLE" },
      { name: "new_list", type: "DATE", mode: "REPEATED" },
    ];
    await table.setMetadata({ schema: { fields: [...COLUMNS, ...more] }, description: "wider" });
    const got = await metadataOf(dataset.table(id));
    expect(got.schema.fields).toEqual([...COLUMNS, ...more]);
    expect(got.description).toBe("wider");
    const rows = await rowsOf(target.client, `SELECT * FROM \`${target.datasetId}.${id}\``);
    expect(rows).toMatchObject([{ id: 1, new_text: null, new_list: [] }]);
  });

  test("other changes of the schema are refused", async () => {
    const [table] = await dataset.createTable(uniqueId("t"), { schema: { fields: COLUMNS } });
    const change = (fields: object[]) => failure(table.setMetadata({ schema: { fields } }));
    const required = await change([...COLUMNS, { name: "must", type: "STRING", mode: "REQUIRED" }]);
    expect(required).toMatchObject({ code: 400, reason: "invalid" });
    expect(required.message).toContain("Cannot add required fields to an existing schema");
    expect((await change(COLUMNS.slice(1))).message).toContain("Field id is missing in new schema");
    const retyped = await change([{ name: "id", type: "STRING", mode: "REQUIRED" }, ...COLUMNS.slice(1)]);
    expect(retyped.message).toContain("Field id has changed type from INTEGER to STRING");
  });

  test.runIf(isLocal)(
    "changes that real BigQuery allows and this one does not are refused as not implemented",
    async () => {
      const [table] = await dataset.createTable(uniqueId("t"), { schema: { fields: COLUMNS } });
      const change = (fields: object[]) => failure(table.setMetadata({ schema: { fields } }));
      const relaxed = await change([{ name: "id", type: "INTEGER", mode: "NULLABLE" }, ...COLUMNS.slice(1)]);
      expect(relaxed).toMatchObject({ code: 501, reason: "notImplemented" });
      const place = { ...COLUMNS[3], fields: [...COLUMNS[3]!.fields!, { name: "z", type: "STRING" }] };
      expect(await change([...COLUMNS.slice(0, 3), place])).toMatchObject({ code: 501 });
    },
  );

  test("a change meant for another version is refused", async () => {
    const [table] = await dataset.createTable(uniqueId("t"), { schema: { fields: COLUMNS } });
    const stale = await failure(table.setMetadata({ etag: "stale", description: "x" }));
    expect(stale).toMatchObject({ code: 412, reason: "conditionNotMet" });
  });

  test("are listed by pages", async () => {
    const id = uniqueId("ds");
    const [many] = await target.client.createDataset(id);
    for (const name of ["a", "b", "c", "d", "e"]) await many.createTable(name, { schema: COLUMNS });
    const [first, next] = await many.getTables({ maxResults: 2, autoPaginate: false });
    expect(first.map((table) => table.id)).toEqual(["a", "b"]);
    const [second] = await many.getTables(next as object);
    expect(second.map((table) => table.id)).toEqual(["c", "d"]);
    const [all] = await many.getTables();
    expect(all.map((table) => table.id)).toEqual(["a", "b", "c", "d", "e"]);
    await many.delete({ force: true });
  });

  test.each([
    ["a name that begins with a digit", { schema: [{ name: "1a", type: "STRING" }] }],
    ["a reserved prefix", { schema: [{ name: "_PARTITIONTIME", type: "STRING" }] }],
    [
      "two names that differ in case",
      {
        schema: [
          { name: "a", type: "STRING" },
          { name: "A", type: "STRING" },
        ],
      },
    ],
    ["an unknown type", { schema: [{ name: "a", type: "TEXT" }] }],
    ["an unknown mode", { schema: [{ name: "a", type: "STRING", mode: "MAYBE" }] }],
    ["a record without members", { schema: [{ name: "a", type: "RECORD" }] }],
    ["partitioning by a missing column", { schema: COLUMNS, timePartitioning: { type: "DAY", field: "nope" } }],
    ["partitioning by a column of text", { schema: COLUMNS, timePartitioning: { type: "DAY", field: "tags" } }],
    ["clustering by a missing column", { schema: COLUMNS, clustering: { fields: ["nope"] } }],
  ])("%s is refused as invalid", async (_, metadata) => {
    expect(await failure(dataset.createTable(uniqueId("t"), metadata))).toMatchObject({ code: 400, reason: "invalid" });
  });

  test.runIf(isLocal).each([
    ["BIGNUMERIC", { schema: [{ name: "a", type: "BIGNUMERIC" }] }],
    ["GEOGRAPHY", { schema: [{ name: "a", type: "GEOGRAPHY" }] }],
    ["INTERVAL", { schema: [{ name: "a", type: "INTERVAL" }] }],
    ["RANGE", { schema: [{ name: "a", type: "RANGE", rangeElementType: { type: "DATE" } }] }],
    ["defaultValueExpression", { schema: [{ name: "a", type: "STRING", defaultValueExpression: "'x'" }] }],
    ["policyTags", { schema: [{ name: "a", type: "STRING", policyTags: { names: ["x"] } }] }],
    ["maxLength", { schema: [{ name: "a", type: "STRING", maxLength: "5" }] }],
    ["ingestion-time", { schema: COLUMNS, timePartitioning: { type: "DAY" } }],
    [
      "rangePartitioning",
      { schema: COLUMNS, rangePartitioning: { field: "id", range: { start: "0", end: "9", interval: "1" } } },
    ],
    ["expirationTime", { schema: COLUMNS, expirationTime: "99999999999999" }],
    ["materializedView", { materializedView: { query: "SELECT 1" } }],
    ["externalDataConfiguration", { externalDataConfiguration: { sourceFormat: "CSV" } }],
    ["legacy SQL", { view: { query: "SELECT 1", useLegacySql: true } }],
  ])("%s is refused as not implemented", async (name, metadata) => {
    const refused = await failure(dataset.createTable(uniqueId("t"), metadata as never));
    expect(refused).toMatchObject({ code: 501, reason: "notImplemented" });
    expect(refused.message).toContain(name);
  });

  test("errors", async () => {
    const id = uniqueId("t");
    await dataset.createTable(id, { schema: COLUMNS });
    expect(await failure(dataset.createTable(id, { schema: COLUMNS }))).toMatchObject({
      code: 409,
      reason: "duplicate",
    });
    expect(await failure(dataset.table("nope").getMetadata())).toMatchObject({ code: 404, reason: "notFound" });
    expect(await failure(dataset.table("nope").delete())).toMatchObject({ code: 404, reason: "notFound" });
    expect(await failure(target.client.dataset("nope").createTable(id, { schema: COLUMNS }))).toMatchObject({
      code: 404,
    });
  });
});

describe("views", () => {
  test("get their columns from the query and answer it", async () => {
    const id = uniqueId("t");
    const [table] = await dataset.createTable(id, { schema: { fields: COLUMNS } });
    await table.insert([{ id: 1 }, { id: 2 }]);
    const view = { query: `SELECT * FROM \`${target.datasetId}.${id}\``, useLegacySql: false };
    await dataset.createTable(`${id}_view`, { view, description: "v" });
    const got = await metadataOf(dataset.table(`${id}_view`));
    expect(got).toMatchObject({ type: "VIEW", view, description: "v" });
    expect(got.schema.fields.map((field) => field.name)).toEqual(["id", "at", "tags", "place"]);
    const rows = await rowsOf(target.client, `SELECT * FROM \`${target.datasetId}.${id}_view\` ORDER BY id`);
    expect(rows.map((row) => row.id)).toEqual([1, 2]);
    expect(await failure(dataset.table(`${id}_view`).insert({ id: 3 }))).toMatchObject({ code: 400 });
  });

  test("take another query, also one with more columns", async () => {
    const id = uniqueId("t");
    await dataset.createTable(`${id}_a`, { schema: [{ name: "a", type: "STRING" }] });
    await dataset.createTable(`${id}_b`, { schema: { fields: COLUMNS } });
    const query = (table: string): string => `SELECT * FROM \`${target.datasetId}.${table}\``;
    const [view] = await dataset.createTable(id, {
      view: { query: query(`${id}_a`), useLegacySql: false },
      labels: { a: "b" },
    });
    await view.setMetadata({ view: query(`${id}_b`) });
    const { schema, labels } = await metadataOf(dataset.table(id));
    expect(schema.fields.map(({ name }) => name)).toEqual(["id", "at", "tags", "place"]);
    expect(labels).toEqual({ a: "b" });
  });

  test("of a query that is wrong are refused", async () => {
    const view = { query: "SELECT * FROM `nope.nope`", useLegacySql: false };
    expect(await failure(dataset.createTable(uniqueId("v"), { view }))).toMatchObject({
      code: 404,
      reason: "notFound",
    });
    const broken = { query: "SELEKT 1", useLegacySql: false };
    expect(await failure(dataset.createTable(uniqueId("v"), { view: broken }))).toMatchObject({
      code: 400,
      reason: "invalidQuery",
    });
  });
});
