import type { Context } from "../context.ts";
import { SqlError } from "../statement.ts";
import type { Expr } from "../syntax/ast.ts";
import { unsupported } from "../syntax/node.ts";
import { arrayValue, coerce, expect, unify } from "../types/coerce.ts";
import { INT64, type StructType, typeText } from "../types/sql-type.ts";
import { errorSql, packSql, type Value } from "../types/value.ts";
import { analyze } from "./analyze.ts";

/** `[…]` and `ARRAY<T>[…]`. Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/operators#array_constructors */
export function arrayConstructor(expr: Extract<Expr, { kind: "array" }>, context: Context): Value {
  const items = expr.items.map((item) => analyze(item, context));
  if (expr.type?.kind === "ARRAY") {
    const { element } = expr.type;
    return arrayValue(
      items.map((item) => expect(item, element, "Array element")),
      element,
    );
  }
  const { type, values } = unify(items, "array construction");
  if (type.kind === "ARRAY")
    throw new SqlError(
      "invalidQuery",
      "Cannot construct array with element type ARRAY because nested arrays are not supported",
    );
  return { ...arrayValue(values, type), ...(items.length === 0 && { literal: "emptyArray" as const }) };
}

/** `STRUCT(…)`, `(a, b)` and `STRUCT<…>(…)`. Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/operators#struct_constructors */
export function structConstructor(expr: Extract<Expr, { kind: "struct" }>, context: Context): Value {
  const items = expr.items.map((item) => analyze(item.value, context));
  const fields = expr.items.map((item, index) => ({
    type: items[index]?.type ?? INT64,
    ...(item.name !== undefined && { name: item.name }),
  }));
  const value = structValue({ kind: "STRUCT", fields }, items);
  if (expr.type === undefined) return value;
  const typed = coerce(value, expr.type);
  if (typed === undefined)
    throw new SqlError(
      "invalidQuery",
      `Struct constructor cannot make ${typeText(expr.type)} of ${typeText(value.type)}`,
    );
  return typed;
}

/** A STRUCT of values. DuckDB needs distinct names. */
export function structValue(type: StructType, items: readonly Value[]): Value {
  const names = type.fields.flatMap((field) => field.name?.toLowerCase() ?? []);
  if (new Set(names).size < names.length) throw unsupported("STRUCT", "two fields of the same name");
  if (items.length === 0) throw unsupported("STRUCT", "no field");
  return {
    sql: packSql(
      type,
      items.map((item) => item.sql),
    ),
    type,
    items,
  };
}

const POSITIONS = ["OFFSET", "ORDINAL", "SAFE_OFFSET", "SAFE_ORDINAL"];

/** `array[OFFSET(i)]` and its like. Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/operators#array_subscript_operator */
export function elementAt(base: Value, index: Expr, context: Context): Value {
  if (base.type.kind !== "ARRAY") throw unsupported("subscript", `of ${typeText(base.type)}`);
  const isCall = index.kind === "call" && POSITIONS.includes(index.name) && index.args.length === 1;
  const position = isCall ? index.name : "OFFSET";
  const count = expect(analyze((isCall ? index.args[0] : undefined) ?? index, context), INT64, "Array position").sql;
  const ordinal = position.endsWith("ORDINAL") ? count : `(${count} + 1)`;
  const element = `${base.sql}[${ordinal}]`;
  const inside = `${ordinal} >= 1 AND ${ordinal} <= len(${base.sql})`;
  const { element: type } = base.type;
  const message = `'Array index ' || CAST(${count} AS VARCHAR) || ' is out of bounds'`;
  const outside = position.startsWith("SAFE")
    ? "NULL"
    : `CASE WHEN ${base.sql} IS NOT NULL AND ${count} IS NOT NULL THEN ${errorSql(message, type)} END`;
  return { sql: `CASE WHEN ${inside} THEN ${element} ELSE ${outside} END`, type };
}
