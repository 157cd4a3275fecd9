import type { TableField } from "@google-cloud/bigquery";

/** A table of the pipeline's shape: 15 columns. */
export const COLUMNS: TableField[] = [
  ...["tenant", "sensor_id", "boot_id"].map((name) => ({ name, type: "STRING", mode: "REQUIRED" })),
  { name: "seq", type: "INTEGER", mode: "REQUIRED" },
  { name: "event_time", type: "TIMESTAMP", mode: "REQUIRED" },
  { name: "location", type: "STRING" },
  ...["lat", "lon", "temperature_c", "humidity_pct", "battery_pct"].map((name) => ({ name, type: "FLOAT" })),
  { name: "status", type: "STRING" },
  { name: "attributes", type: "JSON" },
  ...["kafka_partition", "kafka_offset"].map((name) => ({ name, type: "INTEGER" })),
];

const SENSORS = 100;
const DAY_MICROS = 86_400_000_000;

/** Reading `n` of `total`, which are spread over 24 hours and {@link SENSORS} sensors. One in a hundred is a duplicate. */
export function reading(n: number, total: number): Record<string, unknown> {
  const original = n % 100 === 99 ? n - SENSORS : n;
  const sensor = original % SENSORS;
  return {
    tenant: "house",
    sensor_id: `sensor-${sensor}`,
    boot_id: "0b7b5c9e-6a43-4f0e-9d3a-1f2e3d4c5b6a",
    seq: Math.floor(original / SENSORS),
    event_time: String(1_790_000_000_000_000 + Math.floor((original / total) * DAY_MICROS)),
    location: "kitchen",
    lat: 50.1,
    lon: 4.2,
    temperature_c: 20 + (original % 17) / 4,
    humidity_pct: 40 + (original % 31) / 8,
    battery_pct: 99,
    status: "ok",
    attributes: '{"fw":"1.2.3"}',
    kafka_partition: sensor % 12,
    kafka_offset: n,
  };
}

/** What dashboards and audits ask; `name` is the row of the bench's table. */
export const QUERIES = [
  { name: "count of all rows", sql: "SELECT COUNT(*) AS n FROM d.t" },
  { name: "count of the de-duplicating view", sql: "SELECT COUNT(*) AS n FROM d.t_unique" },
  {
    name: "24 h in 5-minute buckets, over 100 sensors",
    sql: `SELECT TIMESTAMP_BUCKET(event_time, INTERVAL 5 MINUTE) AS bucket, AVG(temperature_c) AS mean
          FROM d.t GROUP BY bucket ORDER BY bucket`,
  },
  {
    name: "the same for each sensor: 28,800 rows",
    sql: `SELECT sensor_id, TIMESTAMP_BUCKET(event_time, INTERVAL 5 MINUTE) AS bucket, AVG(temperature_c) AS mean
          FROM d.t GROUP BY sensor_id, bucket ORDER BY sensor_id, bucket`,
  },
];

export const UNIQUE_VIEW = `SELECT * FROM d.t WHERE TRUE QUALIFY ROW_NUMBER() OVER (
  PARTITION BY tenant, sensor_id, boot_id, seq ORDER BY kafka_partition, kafka_offset) = 1`;
