import type { QueryParameter } from "../statement.ts";
import type { Cell } from "./run.ts";

/**
 * A statement that needs no table and the rows that BigQuery's documentation says it has, in the REST API's spelling
 * (TIMESTAMP in microseconds since the epoch). Worked out by hand from the page under `source`.
 */
export interface StatementCase {
  readonly name: string;
  readonly source: string;
  readonly sql: string;
  readonly parameters?: readonly QueryParameter[];
  readonly rows: readonly (readonly Cell[])[];
}

const ROOT = "https://cloud.google.com/bigquery/docs/reference/standard-sql/";

type Row = readonly [
  name: string,
  sql: string,
  rows: readonly (readonly Cell[])[],
  parameters?: readonly QueryParameter[],
];

export function cases(page: string, rows: readonly Row[]): StatementCase[] {
  return rows.map(([name, sql, expected, parameters]) => ({
    name,
    source: ROOT + page,
    sql,
    rows: expected,
    ...(parameters && { parameters }),
  }));
}
