import type { Field } from "./field.ts";

export interface DatasetRef {
  readonly projectId: string;
  readonly datasetId: string;
}

export interface TableRef extends DatasetRef {
  readonly tableId: string;
}

export interface Dataset {
  readonly ref: DatasetRef;
  /** What the client sent and is sent back: location, description, labels, … */
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly createdMs: number;
  readonly modifiedMs: number;
}

export type PartitionGranularity = "HOUR" | "DAY" | "MONTH" | "YEAR";

/** Partitioning by a TIMESTAMP, DATETIME or DATE column. Ingestion-time partitioning is refused. */
export interface TimePartitioning {
  readonly granularity: PartitionGranularity;
  readonly field: string;
  /** A partition disappears this long after its start; absent: never. */
  readonly expirationMs?: number;
}

/**
 * A table or view as the catalog keeps it. Immutable: a change is a new entry under the same `ref`.
 *
 * `storageName` is the table's unquoted name in DuckDB. It is new for each creation, so a table that was deleted and
 * created again shares nothing with its predecessor, neither rows nor write streams.
 */
export interface Table {
  readonly ref: TableRef;
  readonly kind: "TABLE" | "VIEW";
  readonly storageName: string;
  readonly fields: readonly Field[];
  readonly partitioning?: TimePartitioning;
  readonly requirePartitionFilter: boolean;
  /** GoogleSQL of a view; absent for a table. */
  readonly viewQuery?: string;
  /** What else the client sent and is sent back: description, labels, clustering, … */
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly createdMs: number;
  readonly modifiedMs: number;
}

/** `project.dataset.table`, the spelling that error messages and the catalog's keys use. */
export function tableName(ref: TableRef): string {
  return `${ref.projectId}.${ref.datasetId}.${ref.tableId}`;
}

/** The column that a table is partitioned by; undefined for a table without partitions. */
export function partitionFieldOf({ partitioning, fields }: Table): Field | undefined {
  const name = partitioning?.field.toLowerCase();
  return name === undefined ? undefined : fields.find((field) => field.name.toLowerCase() === name);
}
