import { SqlError } from "../statement.ts";
import { unsupported } from "../syntax/node.ts";
import { type SqlType, typeText } from "../types/sql-type.ts";

/**
 * Refuses types of which DuckDB and BigQuery might form different groups.
 *
 * Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types#groupable_data_types
 */
export function checkGroupable(type: SqlType, clause: string): void {
  if (type.kind === "JSON") throw new SqlError("invalidQuery", `${clause} by expressions of type JSON is not allowed`);
  if (type.kind === "ARRAY" || type.kind === "STRUCT") throw unsupported(clause, `by ${typeText(type)}`);
}

/** PARTITION BY allows no FLOAT64. */
export function checkPartitionable(type: SqlType): void {
  if (type.kind === "FLOAT64")
    throw new SqlError("invalidQuery", "Partitioning by expressions of type FLOAT64 is not allowed");
  checkGroupable(type, "PARTITION");
}
