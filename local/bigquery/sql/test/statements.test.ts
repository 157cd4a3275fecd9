import type { DuckDBConnection } from "@duckdb/node-api";
import { beforeAll, describe, expect, it } from "vitest";
import { openDuckDb, query } from "./run.ts";
import { STATEMENTS } from "./statement-table.ts";

describe("statements of the documentation", () => {
  let connection: DuckDBConnection;

  beforeAll(async () => {
    connection = await openDuckDb();
  });

  it.each(STATEMENTS)("$name ($source)", async ({ sql, parameters, rows }) => {
    expect(await query(connection, sql, [], parameters)).toEqual(rows);
  });

  it("is a table of at least a hundred statements with their pages", () => {
    expect(STATEMENTS.length).toBeGreaterThanOrEqual(100);
    expect(
      STATEMENTS.every((statement) => statement.source.startsWith("https://cloud.google.com/bigquery/docs/")),
    ).toBe(true);
  });
});
