import { expect, test } from "vitest";
import { eventColumns, eventsPage, eventsTable, rejectionReasons } from "#events";

test("iot_events has every column with its type and mode", () => {
  expect(eventColumns.map(({ name, type, mode }) => `${name} ${type} ${mode}`)).toEqual([
    "v INTEGER REQUIRED",
    "sensor_id STRING REQUIRED",
    "boot_id STRING REQUIRED",
    "seq INTEGER REQUIRED",
    "event_time TIMESTAMP REQUIRED",
    "location STRING REQUIRED",
    "lat FLOAT NULLABLE",
    "lon FLOAT NULLABLE",
    "temperature_c FLOAT NULLABLE",
    "humidity_pct FLOAT NULLABLE",
    "battery_pct FLOAT NULLABLE",
    "status STRING REQUIRED",
    "attributes JSON NULLABLE",
    "tenant STRING REQUIRED",
    "kafka_source STRING REQUIRED",
    "kafka_partition INTEGER REQUIRED",
    "kafka_offset INTEGER REQUIRED",
    "ingest_time TIMESTAMP REQUIRED",
  ]);
});

test("every column is described", () => {
  for (const column of eventColumns) expect(column.description, column.name).toMatch(/^[A-Z].{10,}\.$/s);
});

test("partitioned by day of event_time for 90 days, clustered by sensor_id", () => {
  expect(eventsTable.timePartitioning).toEqual({ type: "DAY", field: "event_time", expirationMs: "7776000000" });
  expect(eventsTable.clustering).toEqual({ fields: ["sensor_id"] });
});

test("the page names every field, column and reason", () => {
  const page = eventsPage();
  for (const name of [...eventColumns.map((column) => column.name), ...Object.keys(rejectionReasons)])
    expect(page).toContain(`| \`${name}\` |`);
});
