import { unify } from "../types/coerce.ts";
import { unsupported } from "../syntax/node.ts";
import { BOOL, type SqlType } from "../types/sql-type.ts";
import type { Value } from "../types/value.ts";
import { mismatch } from "./arithmetic.ts";

export type ComparisonOp = "=" | "<>" | "<" | "<=" | ">" | ">=";

const NOT_COMPARABLE = new Set(["ARRAY", "STRUCT", "JSON"]);
/** The comparisons that BigQuery makes of STRUCTs too. */
const EQUALITIES = new Set(["operator =", "operator !=", "operator IS DISTINCT FROM"]);

/**
 * A comparison. NaN is equal to nothing and neither less nor greater than anything, in DuckDB it is the greatest value.
 *
 * Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/operators#comparison_operators
 */
export function compare(op: ComparisonOp, left: Value, right: Value): Value {
  const { type, values } = comparable(left, right, `operator ${op === "<>" ? "!=" : op}`);
  const [a, b] = values;
  const sql = `(${a.sql} ${op} ${b.sql})`;
  return { sql: type.kind === "FLOAT64" ? withoutNaN(op, a, b, sql) : sql, type: BOOL };
}

/** Both sides as one type that has an order. */
export function comparable(
  left: Value,
  right: Value,
  name: string,
): { readonly type: SqlType; readonly values: readonly [Value, Value] } {
  const { type, values } = unify([left, right], name);
  const [a, b] = values;
  if (type.kind === "STRUCT" && EQUALITIES.has(name)) throw unsupported(name, "of STRUCT values");
  if (NOT_COMPARABLE.has(type.kind) || a === undefined || b === undefined) throw mismatch(name, [left, right]);
  return { type, values: [a, b] };
}

/** NULL wins over NaN; then NaN makes `<>` true and every other comparison false. */
function withoutNaN(op: ComparisonOp, a: Value, b: Value, sql: string): string {
  if (op === "<>") return distinctNaN(a, b, sql);
  const suspects = [a, b].filter((side) => side.constant !== true || side.mayBeNaN === true);
  if (suspects.length === 0 || (suspects.length === 1 && isFalseForNaN(op, suspects[0] === a))) return sql;
  if (suspects.length === 1 && suspects[0] !== undefined) return `(${sql} AND NOT isnan(${suspects[0].sql}))`;
  const nan = suspects.map((side) => `isnan(${side.sql})`).join(" OR ");
  return `CASE WHEN ${nan} THEN CASE WHEN ${a.sql} IS NOT NULL AND ${b.sql} IS NOT NULL THEN FALSE END ELSE ${sql} END`;
}

/** With a finite constant on the other side DuckDB's order already answers false for NaN. */
function isFalseForNaN(op: ComparisonOp, isLeft: boolean): boolean {
  return op === "=" || (isLeft ? op === "<" || op === "<=" : op === ">" || op === ">=");
}

function distinctNaN(a: Value, b: Value, sql: string): string {
  const canBeNaN = [a, b].every((side) => side.constant !== true || side.mayBeNaN === true);
  return canBeNaN ? `CASE WHEN isnan(${a.sql}) AND isnan(${b.sql}) THEN TRUE ELSE ${sql} END` : sql;
}
