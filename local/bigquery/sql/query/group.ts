import type { Context } from "../context.ts";
import { analyze } from "../expressions/analyze.ts";
import { unsupported } from "../syntax/node.ts";
import type { Expr, Select } from "../syntax/ast.ts";
import { sameName } from "../types/sql-type.ts";
import { checkGroupable } from "./groupable.ts";
import { positioned } from "./order.ts";

/**
 * The SQL of the grouping expressions: expressions, positions in the SELECT list, or its aliases.
 *
 * Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/query-syntax#group_by_clause
 */
export function groupKeys(select: Select, context: Context): string[] {
  if (select.groupByAll) throw unsupported("clause", "GROUP BY ALL");
  return select.groupBy.map((expr) => {
    const value = analyze(groupedExpr(expr, select, context), context);
    checkGroupable(value.type, "Grouping");
    return value.sql;
  });
}

function groupedExpr(expr: Expr, select: Select, context: Context): Expr {
  const exprs = select.items.map((item) => (item.kind === "expr" ? item.expr : undefined));
  const isPosition = expr.kind === "literal" && expr.type === "INT64";
  if (isPosition && exprs.includes(undefined)) throw unsupported("GROUP BY position", "beside SELECT *");
  const position = positioned(expr, exprs);
  if (position !== undefined) return position;
  if (expr.kind !== "path" || expr.names.length !== 1) return expr;
  const [name = ""] = expr.names;
  const item = select.items.find((candidate) => candidate.kind === "expr" && sameName(candidate.alias, name));
  if (item?.kind !== "expr") return expr;
  if (context.scope.fromValue(name) !== undefined) return unambiguous(name, expr, item.expr, context);
  return item.expr;
}

/** A name of both a column and an alias: fine if they are the same thing. */
function unambiguous(name: string, column: Expr, aliased: Expr, context: Context): Expr {
  if (analyze(column, context).sql === analyze(aliased, context).sql) return column;
  throw unsupported("GROUP BY name, of both a column and an alias,", name);
}
