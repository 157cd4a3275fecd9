import type { Context, Source } from "../context.ts";
import { analyze } from "../expressions/analyze.ts";
import { Scope } from "../scope.ts";
import { SqlError } from "../statement.ts";
import type { Expr, OrderItem } from "../syntax/ast.ts";
import { typeText } from "../types/sql-type.ts";
import type { Value } from "../types/value.ts";
import { quoteName } from "../../schema/duck-text.ts";

/**
 * One ORDER BY key as DuckDB keys: NULLs first when ascending, and NaN right after them (in DuckDB it is the greatest).
 *
 * Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/query-syntax#order_by_clause
 */
export function orderKeys(value: Value, item: OrderItem): string {
  if (["ARRAY", "STRUCT", "JSON"].includes(value.type.kind)) {
    throw new SqlError("invalidQuery", `ORDER BY does not support expressions of type ${typeText(value.type)}`);
  }
  const nulls = `NULLS ${item.nulls ?? (item.desc ? "LAST" : "FIRST")}`;
  const key = `${value.sql} ${item.desc ? "DESC" : "ASC"} ${nulls}`;
  return value.type.kind === "FLOAT64" ? `isnan(${value.sql}) ${item.desc ? "ASC" : "DESC"} ${nulls}, ${key}` : key;
}

/** ` ORDER BY …`, or nothing. */
export function orderSql(items: readonly OrderItem[], of: (expr: Expr) => Value): string {
  if (items.length === 0) return "";
  return ` ORDER BY ${items.map((item) => orderKeys(of(item.expr), item)).join(", ")}`;
}

/** ORDER BY and LIMIT of a query whose output columns are all that is visible: a set operation, SELECT DISTINCT. */
export function orderByOutput(source: Source, items: readonly OrderItem[], limit: string, context: Context): Source {
  if (items.length === 0 && limit === "") return source;
  const alias = quoteName(context.session.fresh("r"));
  const columns = source.columns.map((column) => ({ ...column, sql: `${alias}.${column.sql}` }));
  const scope = new Scope([{ columns }], context.scope);
  const order = orderSql(
    items,
    (expr) =>
      positioned(expr, columns) ??
      analyze(expr, { ...context, scope, noAggregates: "ORDER BY", noWindows: "ORDER BY" }),
  );
  return { ...source, sql: `SELECT * FROM (${source.sql}) AS ${alias}${order}${limit}` };
}

/** The output column that an integer literal in ORDER BY or GROUP BY counts to. */
export function positioned<T>(expr: Expr, columns: readonly T[]): T | undefined {
  if (expr.kind !== "literal" || expr.type !== "INT64") {
    if (expr.kind === "literal") throw new SqlError("invalidQuery", "Cannot ORDER BY or GROUP BY literal values");
    return undefined;
  }
  const column = columns[Number(expr.text) - 1];
  if (column === undefined) throw new SqlError("invalidQuery", `Column number is out of range: ${expr.text}`);
  return column;
}
