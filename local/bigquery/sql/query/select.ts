import type { Context, Source } from "../context.ts";
import { analyze } from "../expressions/analyze.ts";
import { structValue } from "../expressions/constructors.ts";
import { condition } from "../expressions/operators.ts";
import { Scope } from "../scope.ts";
import { SqlError } from "../statement.ts";
import type { Expr, OrderItem, Select } from "../syntax/ast.ts";
import { type StructType } from "../types/sql-type.ts";
import type { Value } from "../types/value.ts";
import { analyzeFrom } from "./from.ts";
import { groupKeys } from "./group.ts";
import { checkGroupable } from "./groupable.ts";
import { orderByOutput, orderSql, positioned } from "./order.ts";
import { unmetNeeds } from "./partition-filter.ts";
import { type Item, outputItems } from "./select-list.ts";
import { quoteName } from "../../schema/duck-text.ts";

/** One SELECT. Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/query-syntax#select_list */
export function analyzeSelect(select: Select, orderBy: readonly OrderItem[], limit: string, outer: Context): Source {
  const from = select.from && analyzeFrom(select.from, outer);
  const scope = new Scope(from?.relations ?? [], outer.scope, from?.merged ?? []);
  const windows = new Map(select.windows.map((window) => [window.name.toLowerCase(), window.spec]));
  const base: Context = { session: outer.session, ctes: outer.ctes, scope, windows };
  const filter: Context = { ...base, noAggregates: "WHERE clause", noWindows: "WHERE clause" };
  const where = select.where && condition(select.where, filter, "WHERE clause");
  const needs = unmetNeeds(from?.needs ?? [], select.where, filter);
  const keys = groupKeys(select, filter);
  scope.used.length = 0;
  scope.keys = new Set(keys);
  const context: Context = { ...base, groupKeys: new Set(keys) };
  const items = outputItems(select, from?.star ?? [], context);
  const late = lateContext(context, items);
  const having = select.having && condition(select.having, { ...late, noWindows: "HAVING clause" }, "HAVING clause");
  const qualify = select.qualify && condition(select.qualify, late, "QUALIFY clause");
  const order = select.distinct ? "" : orderSql(orderBy, (expr) => orderValue(expr, items, late));
  const isAggregate = keys.length > 0 || having !== undefined || scope.aggregates + late.scope.aggregates > 0;
  if (isAggregate) checkGrouped([...scope.used, ...late.scope.used]);
  const columns = outputColumns(select, items, context);
  const sql = [
    `SELECT ${select.distinct ? "DISTINCT " : ""}${columns.map((column) => `${column.value} AS ${column.sql}`).join(", ")}`,
    from && ` FROM ${from.sql}`,
    where && ` WHERE ${where}`,
    keys.length > 0 && ` GROUP BY ${keys.join(", ")}`,
    having && ` HAVING ${having}`,
    qualify && ` QUALIFY ${qualify}`,
  ];
  const source: Source = { sql: sql.filter((part) => typeof part === "string").join(""), columns, needs };
  if (select.distinct) return orderByOutput(source, orderBy, limit, outer);
  return { ...source, sql: source.sql + order + limit };
}

/** After the SELECT list its aliases are visible, before the columns of FROM. */
function lateContext(context: Context, items: readonly Item[]): Context {
  const aliases = new Map(
    items.flatMap((item) => (item.explicit ? [[item.name?.toLowerCase() ?? "", item.value] as const] : [])),
  );
  const { scope } = context;
  const late = new Scope(scope.relations, scope.parent, scope.merged, aliases);
  late.keys = scope.keys;
  return { ...context, scope: late };
}

function orderValue(expr: Expr, items: readonly Item[], context: Context): Value {
  const alias =
    expr.kind === "path" && expr.names.length === 1
      ? context.scope.aliases.get(expr.names[0]?.toLowerCase() ?? "")
      : undefined;
  return positioned(expr, items)?.value ?? alias ?? analyze(expr, context);
}

function checkGrouped(used: readonly string[]): void {
  if (used[0] === undefined) return;
  throw new SqlError(
    "invalidQuery",
    `SELECT list expression references column ${used[0]} which is neither grouped nor aggregated`,
  );
}

interface OutputColumn {
  readonly name?: string;
  readonly value: string;
  readonly sql: string;
  readonly type: Value["type"];
  readonly partition?: NonNullable<Value["partition"]>;
}

function outputColumns(select: Select, items: readonly Item[], context: Context): OutputColumn[] {
  const outputs = select.asStruct ? [structOf(items)] : items;
  if (select.distinct) outputs.forEach(({ value }) => checkGroupable(value.type, "SELECT DISTINCT"));
  return outputs.map(({ name, value }) => ({
    value: value.sql,
    sql: quoteName(context.session.fresh("c")),
    type: value.type,
    ...(name !== undefined && { name }),
    ...(value.partition && { partition: value.partition }),
  }));
}

function structOf(items: readonly Item[]): Item {
  const fields = items.map(({ name, value }) => ({ type: value.type, ...(name !== undefined && { name }) }));
  const type: StructType = { kind: "STRUCT", fields };
  return {
    value: structValue(
      type,
      items.map((item) => item.value),
    ),
    explicit: false,
  };
}
