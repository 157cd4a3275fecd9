import type { Context } from "../context.ts";
import { checkNeeds } from "../query/partition-filter.ts";
import { analyzeQuery } from "../query/query.ts";
import { Scope } from "../scope.ts";
import { Session } from "../session.ts";
import type { Cursor } from "../source/cursor.ts";
import { queryAt } from "../source/statement-query.ts";
import { SqlError, type Statement, type TranslateInput } from "../statement.ts";
import type { Query } from "../syntax/ast.ts";
import type { Field } from "../../schema/field.ts";
import { duckType, typeField, type SqlType } from "../types/sql-type.ts";
import { errorSql } from "../types/value.ts";
import { quoteName } from "../../schema/duck-text.ts";

/** A query statement. Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/query-syntax */
export function selectQuery(cursor: Cursor, input: TranslateInput): Statement {
  const session = new Session(input);
  const { duckSql, fields } = outputOf(queryAt(cursor), session);
  return { kind: "select", duckSql, fields, tables: session.tables };
}

export function topContext(session: Session): Context {
  return { session, scope: new Scope([]), ctes: [], windows: new Map() };
}

/** The query with the columns' own names and DuckDB's types of them. */
export function outputOf(
  query: Query,
  session: Session,
): { readonly duckSql: string; readonly fields: readonly Field[] } {
  const source = analyzeQuery(query, topContext(session));
  checkNeeds(source.needs);
  let anonymous = 0;
  const named = source.columns.map((column) => ({ ...column, name: column.name ?? `f${anonymous++}_` }));
  checkUnique(named.map((column) => column.name));
  const columns = named.map((column) => `${outputSql(column.sql, column.type)} AS ${quoteName(column.name)}`);
  return {
    duckSql: `SELECT ${columns.join(", ")} FROM (${source.sql})`,
    fields: named.map((column) => typeField(column.name, column.type)),
  };
}

/** A NULL array is an empty one in a result, and no array may hold NULL. */
function outputSql(sql: string, type: SqlType): string {
  if (type.kind !== "ARRAY") return `CAST(${sql} AS ${duckType(type)})`;
  const hasNull = `len(list_filter(${sql}, lambda e: e IS NULL)) > 0`;
  const message = "'Array cannot have a null element; error in writing field'";
  return `CASE WHEN ${hasNull} THEN ${errorSql(message, type)} ELSE CAST(coalesce(${sql}, []) AS ${duckType(type)}) END`;
}

function checkUnique(names: readonly string[]): void {
  const lower = names.map((name) => name.toLowerCase());
  const duplicate = names.find((_name, index) => lower.indexOf(lower[index] ?? "") !== index);
  if (duplicate === undefined) return;
  throw new SqlError(
    "invalidQuery",
    `Duplicate column names in the result are not supported. Found duplicate(s): ${duplicate}`,
  );
}
