/**
 * The column types that the embedded BigQuery stores, under the names that its REST API uses in a table schema.
 *
 * Source: https://cloud.google.com/bigquery/docs/reference/rest/v2/tables#TableFieldSchema . BIGNUMERIC, GEOGRAPHY,
 * INTERVAL and RANGE are refused when a table is created: DuckDB has no type that holds every value of theirs.
 */
export const FIELD_TYPES = [
  "STRING",
  "BYTES",
  "INTEGER",
  "FLOAT",
  "NUMERIC",
  "BOOLEAN",
  "TIMESTAMP",
  "DATE",
  "TIME",
  "DATETIME",
  "JSON",
  "RECORD",
] as const;

export type FieldType = (typeof FIELD_TYPES)[number];
export type FieldMode = "NULLABLE" | "REQUIRED" | "REPEATED";

/** One column, or one member of a RECORD. `name` keeps its spelling; it is compared without regard to case. */
export interface Field {
  readonly name: string;
  readonly type: FieldType;
  readonly mode: FieldMode;
  /** Members of a RECORD; absent for every other type. */
  readonly fields?: readonly Field[];
  readonly description?: string;
}
