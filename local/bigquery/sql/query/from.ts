import type { Context } from "../context.ts";
import { condition } from "../expressions/operators.ts";
import { type Column, type PartitionNeed, type Relation, Scope } from "../scope.ts";
import { SqlError } from "../statement.ts";
import { unsupported } from "../syntax/node.ts";
import type { FromItem } from "../syntax/ast.ts";
import { sameName } from "../types/sql-type.ts";
import { analyzeQuery } from "./query.ts";
import { joinUsing } from "./using.ts";
import { subqueryRelation, tableRelation } from "./table.ts";
import { unnestRelation } from "./unnest.ts";

/** A FROM clause, or a part of one. */
export interface From {
  readonly sql: string;
  readonly relations: readonly Relation[];
  readonly merged: readonly Column[];
  /** The columns of `SELECT *`. */
  readonly star: readonly Column[];
  readonly needs: readonly PartitionNeed[];
  /** It may refer to what stands to its left. */
  readonly lateral?: boolean;
}

/** Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/query-syntax#from_clause */
export function analyzeFrom(item: FromItem, context: Context): From {
  const from = analyzeItem(item, context, undefined);
  const aliases = from.relations.flatMap((relation) => relation.alias?.toLowerCase() ?? []);
  const duplicate = aliases.find((alias, index) => aliases.indexOf(alias) !== index);
  if (duplicate !== undefined)
    throw new SqlError("invalidQuery", `Duplicate table alias ${duplicate} in the same FROM clause`);
  return from;
}

function analyzeItem(item: FromItem, context: Context, left: From | undefined): From {
  switch (item.kind) {
    case "table":
      return tableItem(item, context, left);
    case "subquery":
      return subqueryRelation(analyzeQuery(item.query, subqueryContext(context)), item.alias, context);
    case "unnest":
      return unnestRelation(item, scopeOf(left, context), context);
    case "join":
      return analyzeJoin(item, context, left);
  }
}

/** `FROM t, t.items`: a path that starts with an alias to its left is an array. */
function tableItem(item: Extract<FromItem, { kind: "table" }>, context: Context, left: From | undefined): From {
  const isArray = item.path.length > 1 && left?.relations.some((relation) => sameName(relation.alias, item.path[0]));
  if (isArray !== true) return tableRelation(item.path, item.alias, context);
  const alias = item.alias ?? item.path.at(-1) ?? "";
  return unnestRelation(
    { kind: "unnest", array: { kind: "path", names: item.path }, alias, withOffset: false },
    scopeOf(left, context),
    context,
  );
}

/** A subquery in FROM sees the outer query, not its neighbours. */
function subqueryContext(context: Context): Context {
  return { ...context, windows: new Map() };
}

function scopeOf(from: From | undefined, context: Context): Context {
  return {
    ...context,
    scope: new Scope(from?.relations ?? [], context.scope, from?.merged ?? []),
    noAggregates: "FROM clause",
    noWindows: "FROM clause",
  };
}

function analyzeJoin(join: Extract<FromItem, { kind: "join" }>, context: Context, outer: From | undefined): From {
  const left = analyzeItem(join.left, context, outer);
  const right = analyzeItem(join.right, context, left);
  const isNested = join.right.kind === "join";
  const needsCondition = join.type !== "CROSS" && right.lateral !== true;
  if (needsCondition && join.on === undefined && join.using.length === 0) {
    throw new SqlError("invalidQuery", `Syntax error: Expected keyword ON or keyword USING after ${join.type} JOIN`);
  }
  if (join.type === "CROSS" && (join.on !== undefined || join.using.length > 0))
    throw unsupported("join", "CROSS JOIN with a condition");
  if (right.lateral === true && (join.type === "RIGHT" || join.type === "FULL" || join.using.length > 0))
    throw unsupported("join", `${join.type} JOIN UNNEST`);
  const both: From = {
    sql: "",
    relations: [...left.relations, ...right.relations],
    merged: [...left.merged, ...right.merged],
    star: [...left.star, ...right.star],
    needs: [...left.needs, ...right.needs],
  };
  const rightSql = (isNested ? `(${right.sql})` : right.sql).replace(/^/, right.lateral === true ? "LATERAL " : "");
  if (join.using.length > 0) return joinUsing(join.type, join.using, left, right, both, rightSql);
  if (join.type === "CROSS") return { ...both, sql: `${left.sql} CROSS JOIN ${rightSql}` };
  const on = join.on === undefined ? "TRUE" : condition(join.on, scopeOf(both, context), "JOIN ON clause");
  return { ...both, sql: `${left.sql} ${join.type} JOIN ${rightSql} ON ${on}` };
}
