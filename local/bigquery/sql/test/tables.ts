import type { Field } from "../../schema/field.ts";
import type { Table, TimePartitioning } from "../../schema/table.ts";

const FIELDS: readonly Field[] = [
  { name: "tenant", type: "STRING", mode: "REQUIRED" },
  { name: "seq", type: "INTEGER", mode: "NULLABLE" },
  { name: "ts", type: "TIMESTAMP", mode: "NULLABLE" },
  { name: "value", type: "FLOAT", mode: "NULLABLE" },
  { name: "tags", type: "STRING", mode: "REPEATED" },
];
export const READINGS_DDL = `CREATE TABLE "s1" ("tenant" VARCHAR, "seq" BIGINT, "ts" TIMESTAMPTZ, "value" DOUBLE, "tags" VARCHAR[])`;
export const READINGS_ROWS = `INSERT INTO "s1" VALUES
  ('a', 1, '2025-12-31 10:00:00+00', 1.5, ['x']),
  ('a', 1, '2025-12-31 11:00:00+00', 2.5, []),
  ('a', 2, '2025-12-29 10:00:00+00', 3.5, []),
  ('b', 1, NULL, NULL, NULL)`;

const PARTITIONING: TimePartitioning = { granularity: "DAY", field: "ts" };

interface Changes {
  readonly partitioning?: TimePartitioning;
  readonly requirePartitionFilter?: boolean;
}

/** The table d.readings, stored as "s1". */
export function readings({ partitioning = PARTITIONING, requirePartitionFilter = false }: Changes = {}): Table {
  return {
    ...entry("readings"),
    kind: "TABLE",
    storageName: "s1",
    fields: FIELDS,
    partitioning,
    requirePartitionFilter,
  };
}

export function view(tableId: string, viewQuery: string): Table {
  return { ...entry(tableId), kind: "VIEW", storageName: "", fields: [], viewQuery };
}

function entry(tableId: string): Omit<Table, "kind" | "storageName" | "fields"> {
  const ref = { projectId: "p", datasetId: "d", tableId };
  return { ref, requirePartitionFilter: false, metadata: {}, createdMs: 0, modifiedMs: 0 };
}
