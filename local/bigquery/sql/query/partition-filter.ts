import type { Context } from "../context.ts";
import { analyze } from "../expressions/analyze.ts";
import { type PartitionNeed, Scope } from "../scope.ts";
import { SqlError } from "../statement.ts";
import type { Expr } from "../syntax/ast.ts";
import { paths } from "../syntax/paths.ts";

const COMPARISONS = new Set(["=", "<", "<=", ">", ">="]);
const WRAPPERS = new Set(["DATE", "DATETIME", "TIMESTAMP", "TIMESTAMP_TRUNC", "DATE_TRUNC", "DATETIME_TRUNC"]);

/**
 * The tables that still need a filter on their partitioning column after this WHERE. A filter is a conjunct that
 * compares the column (bare, cast or truncated) with something that depends on no column of this FROM clause, or that
 * asks whether the bare column is NULL: rows without a value have a partition of their own.
 *
 * Source: https://cloud.google.com/bigquery/docs/querying-partitioned-tables#require_a_partition_filter_in_queries; for
 * NULL, which it leaves open, https://github.com/mozilla/bigquery-etl/pull/858 (refused for a cast of the column).
 */
export function unmetNeeds(
  needs: readonly PartitionNeed[],
  where: Expr | undefined,
  context: Context,
): readonly PartitionNeed[] {
  if (needs.length === 0 || where === undefined) return needs;
  const met = conjuncts(where).flatMap((conjunct) => filtered(conjunct, context) ?? []);
  return needs.filter((need) => !met.includes(need));
}

/** The error for a table that is read without its filter. */
export function checkNeeds(needs: readonly PartitionNeed[]): void {
  const [need] = needs;
  if (need === undefined) return;
  throw new SqlError(
    "invalidQuery",
    `Cannot query over table '${need.table}' without a filter over column(s) '${need.field}' that can be used for partition elimination`,
  );
}

function conjuncts(expr: Expr): Expr[] {
  return expr.kind === "binary" && expr.op === "AND" ? [...conjuncts(expr.left), ...conjuncts(expr.right)] : [expr];
}

function filtered(expr: Expr, context: Context): PartitionNeed | undefined {
  if (expr.kind === "is" && expr.what === "NULL" && expr.arg.kind === "path") return partitionOf(expr.arg, context);
  if (expr.kind === "between" && !expr.not) return compared(expr.arg, [expr.low, expr.high], context);
  if (expr.kind === "inList" && !expr.not) return compared(expr.arg, expr.items, context);
  if (expr.kind === "inUnnest" && !expr.not) return compared(expr.arg, [expr.array], context);
  if (expr.kind !== "binary" || !COMPARISONS.has(expr.op)) return undefined;
  return compared(expr.left, [expr.right], context) ?? compared(expr.right, [expr.left], context);
}

function compared(column: Expr, others: readonly Expr[], context: Context): PartitionNeed | undefined {
  const need = partitionOf(column, context);
  return need !== undefined && others.every((other) => isIndependent(other, context)) ? need : undefined;
}

function partitionOf(expr: Expr, context: Context): PartitionNeed | undefined {
  if (expr.kind === "cast") return partitionOf(expr.arg, context);
  const [first] = expr.kind === "call" && WRAPPERS.has(expr.name) ? expr.args : [];
  if (first !== undefined) return partitionOf(first, context);
  return expr.kind === "path" ? analyze(expr, context).partition : undefined;
}

/** No path in the expression is a column of this SELECT. */
function isIndependent(expr: Expr, context: Context): boolean {
  const own = new Scope(context.scope.relations, undefined, context.scope.merged);
  return paths(expr).every((names) => {
    const relation = own.relations.some((candidate) => candidate.alias?.toLowerCase() === names[0]?.toLowerCase());
    return !relation && own.column(names[0] ?? "") === undefined;
  });
}
