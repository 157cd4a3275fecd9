import type { DuckDBConnection } from "@duckdb/node-api";
import { beforeAll, describe, expect, it } from "vitest";
import { openDuckDb, query } from "./run.ts";

/** Statements that are fine until they run, where DuckDB alone would answer NULL, infinity or something else. */
const ERRORS: readonly (readonly [sql: string, message: RegExp])[] = [
  ["SELECT 1 / 0", /division by zero/],
  ["SELECT x / y FROM (SELECT 1.5 AS x, 0.0 AS y)", /division by zero/],
  ["SELECT DIV(1, 0)", /division by zero/],
  ["SELECT MOD(1, 0)", /division by zero/],
  ["SELECT 9223372036854775807 + 1", /[Oo]verflow/],
  ["SELECT -x FROM (SELECT -9223372036854775808 AS x)", /[Oo]verflow/],
  ["SELECT SUM(x) FROM UNNEST([9223372036854775807, 1]) AS x", /out of range|cast/i],
  ["SELECT 1e308 * 10", /overflow/],
  ["SELECT x + x FROM (SELECT 1.7e308 AS x)", /overflow/],
  ["SELECT POW(10, 400)", /overflow/],
  ["SELECT EXP(1000)", /overflow/],
  ["SELECT SQRT(-1)", /square root/],
  ["SELECT LN(0)", /logarithm/],
  ["SELECT LOG(0, 2)", /logarithm/],
  ["SELECT LOG(2, -1)", /logarithm/],
  ["SELECT LOG(2, 1)", /base of 1/],
  ["SELECT INSTR('a', 'a', 0)", /position must not be 0/],
  ["SELECT INSTR('a', 'a', 1, 0)", /occurrence must be 1/],
  ["SELECT INSTR('a', '', 1)", /empty text is not supported/],
  ["SELECT CAST(CAST('nan' AS FLOAT64) AS INT64)", /Bad value/],
  ["SELECT CAST(1e19 AS INT64)", /Bad value/],
  ["SELECT CAST('abc' AS INT64)", /Could not cast string to INT64/],
  ["SELECT CAST('1.5' AS INT64)", /Could not cast string to INT64/],
  ["SELECT SAFE_CAST(' 12 ' AS INT64)", /not supported/],
  ["SELECT CAST('2026-01-01T00:00' AS TIMESTAMP)", /not supported|Could not cast/],
  ["SELECT [1, 2][OFFSET(2)]", /out of bounds/],
  ["SELECT [1, 2][ORDINAL(0)]", /out of bounds/],
  ["SELECT SUBSTR('abc', 1, -1)", /negative/],
  ["SELECT GENERATE_ARRAY(1, 5, 0)", /step/],
  ["SELECT [1, NULL]", /null element/],
  ["SELECT DATE(2026, 2, 30)", /out of range/],
  ["SELECT TIMESTAMP_ADD(ts, INTERVAL 1 DAY) FROM (SELECT TIMESTAMP '9999-12-31 12:00:00' AS ts)", /overflow/],
  ["SELECT REPEAT('a', 10000001)", /REPEAT of more than 10000000 bytes is not supported/],
  ["SELECT LPAD('a', 2000000000)", /LPAD of more than 10000000 bytes is not supported/],
  ["SELECT (SELECT x FROM UNNEST([1, 2]) AS x)", /[Mm]ore than one row/],
  ["SELECT SUM(x) FROM UNNEST([1e308, 1e308]) AS x", /overflow/],
  ["SELECT UPPER('stra\u00dfe')", /not supported/],
  ["SELECT CAST('2026-01-01 24:00:00' AS DATETIME)", /Could not cast/],
  ["SELECT CAST('0000-01-01' AS DATE)", /Could not cast/],
  ["SELECT ERROR('stop')", /stop/],
];

describe("run-time errors", () => {
  let connection: DuckDBConnection;

  beforeAll(async () => {
    connection = await openDuckDb();
  });

  it.each(ERRORS)("%s", async (sql, message) => {
    await expect(query(connection, sql)).rejects.toThrow(message);
  });
});
