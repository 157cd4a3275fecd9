import type { Context } from "../context.ts";
import { analyze } from "../expressions/analyze.ts";
import type { Column } from "../scope.ts";
import { SqlError } from "../statement.ts";
import type { FromItem } from "../syntax/ast.ts";
import { INT64, typeText } from "../types/sql-type.ts";
import { memberSql } from "../types/value.ts";
import type { From } from "./from.ts";
import { quoteName } from "../../schema/duck-text.ts";

/**
 * `UNNEST(array) AS x WITH OFFSET AS i`: a row for each element; none for NULL. An element that is a STRUCT shows its
 * fields as columns.
 *
 * Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/query-syntax#unnest_operator
 */
export function unnestRelation(item: Extract<FromItem, { kind: "unnest" }>, inner: Context, context: Context): From {
  const array = analyze(item.array, inner);
  if (array.type.kind !== "ARRAY")
    throw new SqlError(
      "invalidQuery",
      `Values referenced in UNNEST must be arrays. UNNEST contains expression of type ${typeText(array.type)}`,
    );
  const [relation, element, offset] = ["r", "e", "o"].map((prefix) => quoteName(context.session.fresh(prefix)));
  const sql = `(SELECT unnest(${array.sql}) AS ${element ?? ""}, generate_subscripts(${array.sql}, 1) - 1 AS ${offset ?? ""}) AS ${relation ?? ""}`;
  const value: Column = {
    sql: `${relation ?? ""}.${element ?? ""}`,
    type: array.type.element,
    ...(item.alias !== undefined && { name: item.alias }),
  };
  const columns = value.type.kind === "STRUCT" ? memberColumns(value) : [];
  const offsetName = item.offsetAlias ?? "offset";
  const offsets: Column[] = item.withOffset
    ? [{ name: offsetName, sql: `CAST(${relation ?? ""}.${offset ?? ""} AS BIGINT)`, type: INT64 }]
    : [];
  const star = [...(value.type.kind === "STRUCT" ? columns : [value]), ...offsets];
  const relations = [
    { columns, element: value, ...(item.alias !== undefined && { alias: item.alias }) },
    { columns: offsets },
  ];
  return { sql, relations, merged: [], star, needs: [], lateral: true };
}

function memberColumns(value: Column): Column[] {
  const { type } = value;
  if (type.kind !== "STRUCT") return [];
  return type.fields.map((field, index) => ({
    sql: memberSql(value.sql, type, index),
    type: field.type,
    ...(field.name !== undefined && { name: field.name }),
  }));
}
