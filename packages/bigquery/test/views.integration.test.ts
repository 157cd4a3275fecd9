import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BigQuery } from "@google-cloud/bigquery";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventColumns, eventsTable } from "#events";
import { EmbeddedBigQuery } from "#local/bigquery";
import { bigQueryClients } from "../client.ts";
import { viewDefinitions } from "../views.ts";

const START_MS = Date.now() - 86_400_000;
const dataDir = mkdtempSync(join(tmpdir(), "views-"));
let server: EmbeddedBigQuery;
let rest: BigQuery;

beforeAll(async () => {
  server = await EmbeddedBigQuery.start({ dataDir });
  ({ rest } = bigQueryClients({ project: "p", restEndpoint: `http://127.0.0.1:${server.restPort}` }));
  const [dataset] = await rest.createDataset("d");
  await dataset.createTable("iot_events", eventsTable as object);
  for (const { name, query } of viewDefinitions({ project: "p", dataset: "d" }))
    await dataset.createTable(name, { view: { query, useLegacySql: false } });
});
afterAll(async () => {
  await server.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

let offset = 0;
interface Stored {
  readonly tenant: string;
  readonly sensor_id: string;
  readonly boot_id: string;
  readonly seq: number;
  readonly event_time: number;
  readonly temperature_c?: number;
  readonly humidity_pct?: number;
  readonly kafka_offset?: number;
}

async function store(rows: readonly Stored[]): Promise<void> {
  const common = { v: 1, location: "park", status: "ok", kafka_source: "c/readings", kafka_partition: 0 };
  const complete = rows.map(({ event_time, ...row }) => {
    const eventTime = new Date(event_time).toISOString();
    return { ...common, kafka_offset: offset++, ...row, event_time: eventTime, ingest_time: eventTime };
  });
  await rest.dataset("d").table("iot_events").insert(complete);
}

async function ask<T>(sql: string): Promise<T[]> {
  return (await rest.query({ query: sql, defaultDataset: { datasetId: "d" } }))[0] as T[];
}

const reading = (tenant: string, seq: number, more: Partial<Stored> = {}): Stored => ({
  tenant,
  sensor_id: "s",
  boot_id: "b",
  seq,
  event_time: START_MS + seq * 1000,
  ...more,
});

test("a reader finds every column described", async () => {
  for (const { name, columnDescriptions } of viewDefinitions({ project: "p", dataset: "d" })) {
    const columns = await ask<{ column_name: string }>(
      `SELECT column_name FROM d.INFORMATION_SCHEMA.COLUMNS WHERE table_name = '${name}' ORDER BY ordinal_position`,
    );
    expect(columns.length).toBeGreaterThan(3);
    expect(columns.filter(({ column_name: column }) => !columnDescriptions[column])).toEqual([]);
  }
  expect(eventColumns.filter(({ description }) => description === "")).toEqual([]);
});

test("what was delivered twice is there once, and the audit says where it came twice", async () => {
  const tenant = "twice";
  await store([reading(tenant, 3), reading(tenant, 4), reading(tenant, 4), reading(tenant, 7)]);
  await store([reading(tenant, 7, { kafka_offset: offset - 1 })]);
  await store([reading(tenant, 3, { boot_id: "next" }), reading("neighbour", 3)]);
  const unique = await ask<{ boot_id: string; seq: number; kafka_offset: number }>(
    `SELECT boot_id, seq, kafka_offset FROM iot_events_unique WHERE tenant = '${tenant}' ORDER BY boot_id, seq`,
  );
  expect(unique).toEqual([
    { boot_id: "b", seq: 3, kafka_offset: 0 },
    { boot_id: "b", seq: 4, kafka_offset: 1 },
    { boot_id: "b", seq: 7, kafka_offset: 3 },
    { boot_id: "next", seq: 3, kafka_offset: 5 },
  ]);
  const audit = await ask(
    `SELECT * EXCEPT (tenant, sensor_id, first_event_time, last_event_time) FROM iot_delivery_audit WHERE tenant = '${tenant}' ORDER BY boot_id`,
  );
  const clean = { row_count: 1, readings: 1, missing: 0, redelivered: 0, stored_twice: 0 };
  expect(audit).toEqual([
    { boot_id: "b", first_seq: 3, last_seq: 7, row_count: 5, readings: 3, missing: 2, redelivered: 1, stored_twice: 1 },
    { boot_id: "next", first_seq: 3, last_seq: 3, ...clean },
  ]);
});

test("the latest reading is the one with the latest device time, unless it is older than a week", async () => {
  const now = Date.now();
  await store([
    reading("latest", 5, { event_time: now - 1000 }),
    reading("latest", 6, { event_time: now - 60_000 }),
    reading("latest", 1, { sensor_id: "other", event_time: now - 6 * 86_400_000 }),
    reading("latest", 1, { sensor_id: "gone", event_time: now - 8 * 86_400_000 }),
  ]);
  expect(await ask("SELECT sensor_id, seq FROM iot_latest WHERE tenant = 'latest' ORDER BY sensor_id")).toEqual([
    { sensor_id: "other", seq: 1 },
    { sensor_id: "s", seq: 5 },
  ]);
});

test("a spike is an anomaly, with its score; noise, a flat line and a young sensor are not", async () => {
  const noisy = (seq: number): number => 20 + Math.sin(seq * 12.9898);
  const series = (tenant: string, count: number, value: (seq: number) => Partial<Stored>): Stored[] =>
    Array.from({ length: count }, (_, seq) => reading(tenant, seq, value(seq)));
  await store(series("spike", 100, (seq) => ({ temperature_c: seq === 70 ? 40 : noisy(seq) })));
  await store(series("flat", 100, (seq) => ({ humidity_pct: seq === 70 ? 50.9 : 50 })));
  await store(series("flat-jump", 100, (seq) => ({ humidity_pct: seq === 70 ? 48.9 : 50 })));
  await store(series("young", 20, (seq) => ({ temperature_c: seq === 19 ? 90 : noisy(seq) })));
  const found = await ask<{ tenant: string; seq: number; field: string; value: number; score: number }>(
    "SELECT tenant, seq, field, value, score FROM iot_anomalies ORDER BY tenant",
  );
  expect(found.map(({ score, ...rest }) => [rest, Math.round(score * 10) / 10])).toEqual([
    [{ tenant: "flat-jump", seq: 70, field: "humidity_pct", value: 48.9 }, -5.5],
    [{ tenant: "spike", seq: 70, field: "temperature_c", value: 40 }, expect.any(Number)],
  ]);
  expect(found[1]?.score).toBeGreaterThan(20);
});
