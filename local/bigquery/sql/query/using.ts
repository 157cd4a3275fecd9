import { compare } from "../expressions/comparison.ts";
import { type Column, Scope } from "../scope.ts";
import { SqlError } from "../statement.ts";
import type { FromItem } from "../syntax/ast.ts";
import { unify } from "../types/coerce.ts";
import { sameName } from "../types/sql-type.ts";
import type { From } from "./from.ts";

type JoinType = Extract<FromItem, { kind: "join" }>["type"];

/**
 * `JOIN … USING (a, b)`: equal columns of both sides, which become one. `SELECT *` lists them first.
 *
 * Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/query-syntax#using_clause
 */
export function joinUsing(
  type: JoinType,
  names: readonly string[],
  left: From,
  right: From,
  both: From,
  rightSql: string,
): From {
  const pairs = names.map((name) => ({ name, left: side(left, name), right: side(right, name) }));
  const on = pairs.map((pair) => compare("=", pair.left, pair.right).sql).join(" AND ");
  const merged = pairs.map((pair) => mergedColumn(type, pair));
  const isOther = (column: Column): boolean => !names.some((name) => sameName(name, column.name));
  return {
    ...both,
    sql: `${left.sql} ${type} JOIN ${rightSql} ON ${on}`,
    merged: [...merged, ...both.merged.filter(isOther)],
    star: [...merged, ...left.star.filter(isOther), ...right.star.filter(isOther)],
  };
}

interface Pair {
  readonly name: string;
  readonly left: Column;
  readonly right: Column;
}

function side(from: From, name: string): Column {
  const column = new Scope(from.relations, undefined, from.merged).column(name);
  if (column === undefined)
    throw new SqlError("invalidQuery", `Column ${name} in USING clause not found on one side of join`);
  return column;
}

function mergedColumn(type: JoinType, pair: Pair): Column {
  if (type === "LEFT" || type === "INNER") return pair.left;
  if (type === "RIGHT") return pair.right;
  const { type: common, values } = unify([pair.left, pair.right], "JOIN USING");
  return { name: pair.name, sql: `coalesce(${values.map((value) => value.sql).join(", ")})`, type: common };
}
