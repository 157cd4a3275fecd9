import type { DuckDBValue } from "@duckdb/node-api";

/**
 * Rows on their way to one table, column by column: `columns[c][r]` is the value of field `c` in row `r`, already of
 * the type that DuckDB stores. Validated: nothing in a batch can be refused by the table any more, except that the
 * table itself has gone. A table that gained columns since takes NULL for them.
 */
export interface RowBatch {
  readonly columns: readonly (readonly DuckDBValue[])[];
  readonly rowCount: number;
  /** Size as it came in, for the bounds of queues. */
  readonly bytes: number;
}
