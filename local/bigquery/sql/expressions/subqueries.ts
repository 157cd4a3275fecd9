import type { Context } from "../context.ts";
import { checkNeeds } from "../query/partition-filter.ts";
import { analyzeQuery } from "../query/query.ts";
import { SqlError } from "../statement.ts";
import type { Query } from "../syntax/ast.ts";
import { unify } from "../types/coerce.ts";
import { arrayOf, BOOL, duckType, type SqlType } from "../types/sql-type.ts";
import type { Value } from "../types/value.ts";
import { mismatch } from "./arithmetic.ts";

/** Expression subqueries. Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/subqueries */
export function scalarQuery(query: Query, context: Context): Value {
  const { sql, type } = single(query, context, "Scalar subquery");
  return { sql: `(${sql})`, type };
}

/** `ARRAY(SELECT …)`: empty, not NULL, if there is no row. */
export function arrayQuery(query: Query, context: Context): Value {
  const { sql, type } = single(query, context, "ARRAY subquery");
  if (type.kind === "ARRAY") throw new SqlError("invalidQuery", "Cannot use array subquery with column of type ARRAY");
  return { sql: `coalesce(ARRAY(${sql}), CAST([] AS ${duckType(arrayOf(type))}))`, type: arrayOf(type) };
}

export function existsQuery(query: Query, context: Context): Value {
  const { sql, needs } = analyzeQuery(query, context);
  checkNeeds(needs);
  return { sql: `EXISTS (${sql})`, type: BOOL };
}

/** DuckDB's IN has the same rules for NULL; a FLOAT64 might be NaN, which equals nothing here and itself there. */
export function inQuery(arg: Value, query: Query, not: boolean, context: Context): Value {
  const { sql, type, name } = single(query, context, "Subquery of type IN");
  const { type: common, values } = unify([arg, { sql: name, type }], "operator IN");
  const [left, right] = values;
  if (left === undefined || right === undefined || ["FLOAT64", "ARRAY", "STRUCT", "JSON"].includes(common.kind)) {
    throw mismatch("operator IN", [arg, { sql, type }]);
  }
  const inside = `(${left.sql} IN (SELECT ${right.sql} FROM (${sql})))`;
  return { sql: not ? `(NOT ${inside})` : inside, type: BOOL };
}

function single(query: Query, context: Context, what: string): { sql: string; type: SqlType; name: string } {
  const source = analyzeQuery(query, context);
  checkNeeds(source.needs);
  const [column] = source.columns;
  if (column === undefined || source.columns.length !== 1) {
    throw new SqlError("invalidQuery", `${what} must have exactly one column`);
  }
  return { sql: source.sql, type: column.type, name: column.sql };
}
