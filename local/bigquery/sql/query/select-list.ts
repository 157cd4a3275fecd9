import type { Context } from "../context.ts";
import { analyze } from "../expressions/analyze.ts";
import { type Column, fieldOf } from "../scope.ts";
import { SqlError } from "../statement.ts";
import type { Select, SelectItem } from "../syntax/ast.ts";
import { sameName, typeText } from "../types/sql-type.ts";
import type { Value } from "../types/value.ts";

/** One output column. `explicit`: its name is an alias that later clauses see. */
export interface Item {
  readonly name?: string;
  readonly value: Value;
  readonly explicit: boolean;
}

/** The SELECT list with every `*` expanded. */
export function outputItems(select: Select, star: readonly Column[], context: Context): Item[] {
  return select.items.flatMap((item) => (item.kind === "star" ? expand(item, star, context) : [single(item, context)]));
}

function single(item: Extract<SelectItem, { kind: "expr" }>, context: Context): Item {
  const value = analyze(item.expr, context);
  if (item.alias !== undefined) return { name: item.alias, value, explicit: true };
  const { expr } = item;
  if (expr.kind === "path") return { name: expr.names.at(-1) ?? "", value, explicit: false };
  return expr.kind === "field" ? { name: expr.name, value, explicit: false } : { value, explicit: false };
}

/** Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/query-syntax#select_ */
function expand(item: Extract<SelectItem, { kind: "star" }>, star: readonly Column[], context: Context): Item[] {
  const columns = item.base === undefined ? fromColumns(star, context) : baseColumns(item.base.names, context);
  for (const name of [...item.except, ...item.replace.map((replacement) => replacement.name)]) {
    if (!columns.some((column) => sameName(column.name, name)))
      throw new SqlError("invalidQuery", `Column ${name} in SELECT * does not exist`);
  }
  return columns
    .filter((column) => !item.except.some((name) => sameName(name, column.name)))
    .map((column) => {
      const replacement = item.replace.find((candidate) => sameName(candidate.name, column.name));
      return replacement === undefined ? column : { ...column, value: analyze(replacement.expr, context) };
    });
}

function fromColumns(star: readonly Column[], context: Context): Item[] {
  if (star.length === 0) throw new SqlError("invalidQuery", "SELECT * must have a FROM clause");
  return star.map((column) => columnItem(column, context));
}

function baseColumns(names: readonly string[], context: Context): Item[] {
  const relation =
    names.length === 1 ? context.scope.relations.find((candidate) => sameName(candidate.alias, names[0])) : undefined;
  if (relation !== undefined && relation.element === undefined)
    return relation.columns.map((column) => columnItem(column, context));
  const value = context.scope.resolve(names);
  if (value.type.kind !== "STRUCT")
    throw new SqlError("invalidQuery", `Dot-star is not supported for type ${typeText(value.type)}`);
  return value.type.fields.map((field) => ({
    name: field.name ?? "",
    value: fieldOf(value, field.name ?? ""),
    explicit: false,
  }));
}

function columnItem(column: Column, context: Context): Item {
  if (context.groupKeys?.has(column.sql) !== true) context.scope.used.push(column.name ?? "");
  const value: Value = { sql: column.sql, type: column.type, ...(column.partition && { partition: column.partition }) };
  return { value, explicit: false, ...(column.name !== undefined && { name: column.name }) };
}
