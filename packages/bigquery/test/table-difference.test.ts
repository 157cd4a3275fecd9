import { expect, test } from "vitest";
import { tableDifferences, type FoundColumn, type FoundTable } from "#bigquery";
import { eventsTable } from "#events";

const same: FoundTable = { type: "TABLE", ...structuredClone(eventsTable) };
const columns = eventsTable.schema.fields;

/** The table with one column changed; `undefined` takes it away. */
function withColumn(name: string, change: FoundColumn | undefined): FoundTable {
  const fields = columns.flatMap((column): FoundColumn[] =>
    column.name !== name ? [column] : change === undefined ? [] : [{ ...column, ...change }],
  );
  return { ...same, schema: { fields } };
}

test.each<[string, FoundTable, string[]]>([
  ["the table as it is made", same, []],
  ["standard names of types", withColumn("seq", { type: "INT64" }), []],
  ["a column more", { ...same, schema: { fields: [...columns, { name: "note", type: "STRING" }] } }, []],
  [
    "a required column more",
    { ...same, schema: { fields: [...columns, { name: "note", type: "STRING", mode: "REQUIRED" }] } },
    ["column note: REQUIRED, but nothing is written to it"],
  ],
  ["a column missing", withColumn("seq", undefined), ["column seq: missing (INTEGER REQUIRED)"]],
  ["another type", withColumn("lat", { type: "NUMERIC" }), ["column lat: is NUMERIC NULLABLE, must be FLOAT NULLABLE"]],
  ["another mode", withColumn("lat", { mode: "REQUIRED" }), ["column lat: is FLOAT REQUIRED, must be FLOAT NULLABLE"]],
  [
    "no partitioning",
    { ...same, timePartitioning: null },
    [
      "partitioning: is not set, must be DAY of event_time",
      `expiration of partitions (ms): is not set, must be ${eventsTable.timePartitioning.expirationMs}`,
    ],
  ],
  [
    "partitioning by the ingestion time",
    { ...same, timePartitioning: { type: "DAY", expirationMs: eventsTable.timePartitioning.expirationMs } },
    ["partitioning: is DAY of the ingestion time, must be DAY of event_time"],
  ],
  ["no clustering", { ...same, clustering: null }, ["clustering: is not set, must be sensor_id"]],
  ["a view", { ...same, type: "VIEW" }, ["it is a VIEW, not a TABLE"]],
])("%s", (_name, found, differences) => {
  expect(tableDifferences(eventsTable, found)).toEqual(differences);
});
