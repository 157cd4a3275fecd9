import type { Context, Source } from "../context.ts";
import { Scope } from "../scope.ts";
import { SqlError } from "../statement.ts";
import { analyze } from "../expressions/analyze.ts";
import type { Expr, Query, SetOperation } from "../syntax/ast.ts";
import { coerce, supertype } from "../types/coerce.ts";
import { typeText } from "../types/sql-type.ts";
import type { Value } from "../types/value.ts";
import { checkGroupable } from "./groupable.ts";
import { orderByOutput } from "./order.ts";
import { analyzeSelect } from "./select.ts";
import { quoteName } from "../../schema/duck-text.ts";

/**
 * A query with its WITH, ORDER BY and LIMIT.
 *
 * Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/query-syntax
 */
export function analyzeQuery(query: Query, context: Context): Source {
  const inner = { ...context, ctes: [...context.ctes] };
  const names = query.ctes.map((cte) => cte.name.toLowerCase());
  const duplicate = names.find((name, index) => names.indexOf(name) !== index);
  if (duplicate !== undefined) throw new SqlError("invalidQuery", `Duplicate alias ${duplicate} for WITH subquery`);
  const definitions = query.ctes.map((cte) => {
    const name = quoteName(context.session.fresh("w"));
    const source = analyzeQuery(cte.query, { ...inner, scope: new Scope([]), windows: new Map() });
    inner.ctes = [...inner.ctes, { name: cte.name, source: { ...source, sql: name } }];
    return `${name} AS (${source.sql})`;
  });
  const source = analyzeBody(query, inner);
  return definitions.length === 0 ? source : { ...source, sql: `WITH ${definitions.join(", ")} ${source.sql}` };
}

function analyzeBody(query: Query, context: Context): Source {
  const { body } = query;
  const limit = limitSql(query, context);
  if ("kind" in body && body.kind === "select") return analyzeSelect(body, query.orderBy, limit, context);
  const source = "kind" in body ? analyzeSetOperation(body, context) : analyzeQuery(body, context);
  return orderByOutput(source, query.orderBy, limit, context);
}

/** LIMIT and OFFSET take literals and parameters. */
function limitSql(query: Query, context: Context): string {
  const limit = query.limit && ` LIMIT ${count(query.limit, "LIMIT", context)}`;
  const offset = query.offset && ` OFFSET ${count(query.offset, "OFFSET", context)}`;
  return (limit ?? "") + (offset ?? "");
}

function count(expr: Expr, clause: string, context: Context): string {
  const allowed = expr.kind === "literal" || expr.kind === "parameter" || expr.kind === "positional";
  const value = allowed ? analyze(expr, context) : undefined;
  if (value?.type.kind !== "INT64" || value.literal === "null") {
    throw new SqlError("invalidQuery", `${clause} expects an integer literal or parameter`);
  }
  return value.sql;
}

function analyzeSetOperation(set: SetOperation, context: Context): Source {
  const [left, right] = [analyzeQuery(set.left, context), analyzeQuery(set.right, context)];
  if (left.columns.length !== right.columns.length) {
    throw new SqlError(
      "invalidQuery",
      `Queries in ${set.op} have mismatched column count; query 1 has ${left.columns.length} columns, query 2 has ${right.columns.length} columns`,
    );
  }
  const types = left.columns.map((column, index) => columnType(set, index, column, right.columns[index]));
  if (set.op !== "UNION ALL") types.forEach((type) => checkGroupable(type, `Set operation ${set.op}`));
  const names = types.map(() => quoteName(context.session.fresh("c")));
  const side = (source: Source): string => {
    const columns = source.columns.map((column, index) => {
      const type = types[index];
      const value = type && coerce({ sql: column.sql, type: column.type }, type);
      return `${value?.sql ?? column.sql} AS ${names[index] ?? ""}`;
    });
    return `SELECT ${columns.join(", ")} FROM (${source.sql})`;
  };
  const op = set.op.replace("UNION DISTINCT", "UNION").replace(" DISTINCT", "");
  const columns = types.map((type, index) => {
    const name = left.columns[index]?.name;
    return { sql: names[index] ?? "", type, ...(name !== undefined && { name }) };
  });
  return { sql: `((${side(left)}) ${op} (${side(right)}))`, columns, needs: [...left.needs, ...right.needs] };
}

function columnType(set: SetOperation, index: number, left: Value, right: Value | undefined): Value["type"] {
  const type = right && supertype([asExpression(left), asExpression(right)]);
  if (type !== undefined) return type;
  const types = right === undefined ? "" : `${typeText(left.type)}, ${typeText(right.type)}`;
  throw new SqlError("invalidQuery", `Column ${index + 1} in ${set.op} has incompatible types: ${types}`);
}

function asExpression(column: Value): Value {
  return { sql: column.sql, type: column.type };
}
