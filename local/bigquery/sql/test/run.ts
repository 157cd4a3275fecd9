import { DuckDBInstance, type DuckDBConnection, type Json } from "@duckdb/node-api";
import type { Field } from "../../schema/field.ts";
import { type Table, tableName } from "../../schema/table.ts";
import { translate } from "../index.ts";
import type { QueryParameter, SqlCatalog, Statement } from "../statement.ts";

/** A value as the REST API spells it: text, null, a list for an array, a list of members for a struct. */
export type Cell = string | null | readonly Cell[];

/** 2026-01-01 00:00:00 UTC */
export const NOW_MICROS = 1_767_225_600_000_000n;

export function catalogOf(tables: readonly Table[]): SqlCatalog {
  return {
    table: (ref) => tables.find((table) => tableName(table.ref) === tableName(ref)),
    tables: () => tables,
    hasDataset: (projectId, datasetId) => projectId === "p" && datasetId === "d",
  };
}

export function translateSql(
  sql: string,
  tables: readonly Table[] = [],
  parameters: readonly QueryParameter[] = [],
): Statement {
  return translate({
    sql,
    catalog: catalogOf(tables),
    projectId: "p",
    defaultDatasetId: "d",
    parameters,
    nowMicros: NOW_MICROS,
  });
}

export async function openDuckDb(): Promise<DuckDBConnection> {
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  await connection.run("SET TimeZone='UTC'");
  return connection;
}

/** The rows of a query as the REST API spells them, TIMESTAMP in microseconds. */
export async function query(
  connection: DuckDBConnection,
  sql: string,
  tables: readonly Table[] = [],
  parameters: readonly QueryParameter[] = [],
): Promise<Cell[][]> {
  const statement = translateSql(sql, tables, parameters);
  if (statement.kind !== "select") throw new Error(`not a query: ${statement.kind}`);
  const inner = statement.fields.map((field) => restSql(`"${field.name}"`, field));
  const reader = await connection.runAndReadAll(`SELECT ${inner.join(", ")} FROM (${statement.duckSql})`);
  return reader.getRowsJson().map((row) => row.map((cell, index) => restCell(cell, statement.fields[index])));
}

/** TIMESTAMP as microseconds, BYTES as base64; DuckDB's JSON shows the rest. */
function restSql(sql: string, field: Field): string {
  if (field.mode === "REPEATED")
    return `list_transform(${sql}, lambda e: ${restSql("e", { ...field, mode: "NULLABLE" })})`;
  if (field.type === "TIMESTAMP") return `epoch_us(${sql})`;
  return field.type === "BYTES" ? `to_base64(${sql})` : sql;
}

function restCell(cell: Json, field: Field | undefined): Cell {
  if (cell === null || field === undefined) return null;
  if (field.mode === "REPEATED") return (cell as Json[]).map((item) => restCell(item, { ...field, mode: "NULLABLE" }));
  if (field.type === "RECORD") {
    const members = cell as Record<string, Json>;
    return (field.fields ?? []).map((member) => restCell(members[member.name] ?? null, member));
  }
  const text = typeof cell === "string" ? cell : JSON.stringify(cell);
  if (field.type === "DATETIME") return text.replace(" ", "T");
  if (field.type === "FLOAT") return /^-?\d+$/.test(text) ? `${text}.0` : text;
  return field.type === "NUMERIC" ? text.replace(/\.?0+$/, "") : text;
}
