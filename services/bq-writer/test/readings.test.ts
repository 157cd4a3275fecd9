import { expect, test } from "vitest";
import { eventColumns, payloadFields, type Reading } from "#events";
import type { ConsumedRecord } from "#kafka";
import { readingRows, readingValues } from "../readings.ts";
import { reading } from "./world.ts";

test("values stand in the order of the columns", () => {
  const full = {
    ...Object.fromEntries(payloadFields.map(([name]) => [name, `value of ${name}`])),
    more: 1,
  } as unknown as Reading;
  const added = ["tenant", "kafka_source", "kafka_partition", "kafka_offset", "ingest_time"];
  const values = readingValues(
    full,
    added.map((name) => `value of ${name}`),
  );
  const expected = eventColumns.map(({ name }) => (name === "attributes" ? '{"more":1}' : `value of ${name}`));
  expect(values).toEqual(expected);
});

test("a field that is left out is NULL, status has its default", () => {
  const { sensor_id, boot_id } = JSON.parse(reading("s", 1, 2)) as Reading;
  const values = readingValues({ v: 1, sensor_id, boot_id, seq: 1, event_time: 2, location: "x" }, []);
  expect(values).toEqual([1, "s", "boot-1", 1, 2, "x", ...Array<undefined>(5).fill(undefined), "ok", undefined]);
});

test("a record that is no reading is rejected with its reason", () => {
  const record = (key: string | null, value: string | null): ConsumedRecord =>
    ({
      key: key === null ? null : Buffer.from(key),
      value: value === null ? null : Buffer.from(value),
      timestamp: "1000",
      offset: "7",
    }) as ConsumedRecord;
  const rows = readingRows("cluster/readings", 3);
  expect(rows(record("house/s", reading("s", 1, 1000)))).toMatchObject({ ok: true, eventTimeMs: 1000 });
  expect(rows(record("house/other", reading("s", 1, 1000)))).toMatchObject({ ok: false, reason: "id_mismatch" });
  expect(rows(record(null, reading("s", 1, 1000)))).toMatchObject({ ok: false, reason: "bad_key" });
  expect(rows(record("house/s", null))).toMatchObject({ ok: false, reason: "not_json" });
});
