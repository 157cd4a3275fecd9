import { mismatch } from "./arithmetic.ts";
import { unsupported } from "../syntax/node.ts";
import { compare } from "./comparison.ts";
import { unify } from "../types/coerce.ts";
import { BOOL } from "../types/sql-type.ts";
import type { Value } from "../types/value.ts";

/**
 * `x IN (a, b)` is `x = a OR x = b`, so NULL among the items makes a miss unknown.
 *
 * Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/operators#in_operators
 */
export function inList(arg: Value, items: readonly Value[], not: boolean): Value {
  const { type, values } = unify([arg, ...items], "operator IN");
  const [first, ...rest] = values;
  const plain = first !== undefined && type.kind !== "FLOAT64" && !["ARRAY", "STRUCT", "JSON"].includes(type.kind);
  const any = plain
    ? `(${first.sql} IN (${rest.map((item) => item.sql).join(", ")}))`
    : `(${items.map((item) => compare("=", arg, item).sql).join(" OR ")})`;
  return { sql: not ? `(NOT ${any})` : any, type: BOOL };
}

/** `x IN UNNEST(array)`: false for an empty or NULL array, whatever `x` is. */
export function inUnnest(arg: Value, array: Value, not: boolean): Value {
  if (array.items !== undefined && array.items.length > 0) return inList(arg, array.items, not);
  if (array.type.kind !== "ARRAY") throw mismatch("operator IN UNNEST", [arg, array]);
  if (["FLOAT64", "STRUCT"].includes(array.type.element.kind))
    throw unsupported("operator", `IN UNNEST of ${array.type.element.kind} values`);
  const { values } = unify([arg, { sql: "e", type: array.type.element }], "operator IN UNNEST");
  const [x, element] = values;
  if (x === undefined || element?.sql !== "e") throw mismatch("operator IN UNNEST", [arg, array]);
  const found = `list_contains(${array.sql}, ${x.sql})`;
  const hasNull = `len(list_filter(${array.sql}, lambda e: e IS NULL)) > 0`;
  const known = `CASE WHEN ${x.sql} IS NULL THEN NULL WHEN ${found} THEN TRUE WHEN ${hasNull} THEN NULL ELSE FALSE END`;
  const any = `CASE WHEN coalesce(len(${array.sql}), 0) = 0 THEN FALSE ELSE ${known} END`;
  return { sql: not ? `(NOT ${any})` : any, type: BOOL };
}
