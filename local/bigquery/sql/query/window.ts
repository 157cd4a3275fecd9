import type { Context } from "../context.ts";
import { analyze } from "../expressions/analyze.ts";
import { aggregateCall } from "../functions/aggregate-call.ts";
import { entriesOf } from "../functions/call.ts";
import { SqlError } from "../statement.ts";
import { unsupported } from "../syntax/node.ts";
import type { Bound, Call, Expr, Frame, WindowSpec } from "../syntax/ast.ts";
import { expect } from "../types/coerce.ts";
import { INT64 } from "../types/sql-type.ts";
import type { Value } from "../types/value.ts";
import { checkPartitionable } from "./groupable.ts";
import { orderSql } from "./order.ts";

const NEEDS_ORDER = new Set(["RANK", "DENSE_RANK", "PERCENT_RANK", "CUME_DIST", "NTILE", "LAG", "LEAD"]);
const NO_FRAME = new Set([...NEEDS_ORDER, "ROW_NUMBER", "PERCENTILE_CONT", "PERCENTILE_DISC"]);
const NO_ORDER = new Set(["PERCENTILE_CONT", "PERCENTILE_DISC"]);

/** `f(…) OVER (…)`. Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/window-function-calls */
export function windowValue(expr: Extract<Expr, { kind: "over" }>, context: Context): Value {
  const { call } = expr;
  if (call.kind !== "call") throw unsupported("window function", call.kind);
  if (context.noWindows !== undefined)
    throw new SqlError("invalidQuery", `Analytic function not allowed in ${context.noWindows}`);
  const inner: Context = { ...context, noWindows: "an analytic function" };
  const spec = resolveWindow(expr.window, context);
  checkSpec(call, spec);
  const entries = entriesOf(call);
  if (entries[0]?.kind === "scalar")
    throw new SqlError("invalidQuery", `Function ${call.name} does not support an OVER clause`);
  return aggregateCall(call, entries, ` OVER (${specSql(spec, inner)})`, inner);
}

/** A named window may be extended by what it lacks. */
function resolveWindow(spec: WindowSpec, context: Context): WindowSpec {
  if (spec.name === undefined) return spec;
  const named = context.windows.get(spec.name.toLowerCase());
  if (named === undefined) throw new SqlError("invalidQuery", `Unrecognized window alias ${spec.name}`);
  const base = resolveWindow(named, context);
  const overrides =
    spec.partitionBy.length > 0 || (spec.orderBy.length > 0 && base.orderBy.length > 0) || base.frame !== undefined;
  if (overrides && (spec.partitionBy.length > 0 || spec.orderBy.length > 0 || spec.frame !== undefined)) {
    throw unsupported("window", `${spec.name} extended by what it already has`);
  }
  const frame = spec.frame ?? base.frame;
  return {
    partitionBy: base.partitionBy,
    orderBy: spec.orderBy.length > 0 ? spec.orderBy : base.orderBy,
    ...(frame && { frame }),
  };
}

function checkSpec(call: Call, spec: WindowSpec): void {
  const { name } = call;
  if (NEEDS_ORDER.has(name) && spec.orderBy.length === 0)
    throw new SqlError("invalidQuery", `Window ORDER BY is required for analytic function ${name.toLowerCase()}`);
  if (NO_FRAME.has(name) && spec.frame !== undefined)
    throw new SqlError(
      "invalidQuery",
      `Window framing clause is not allowed for analytic function ${name.toLowerCase()}`,
    );
  if (NO_ORDER.has(name) && spec.orderBy.length > 0)
    throw new SqlError("invalidQuery", `Window ORDER BY is not allowed for analytic function ${name.toLowerCase()}`);
}

function specSql(spec: WindowSpec, context: Context): string {
  const partition = spec.partitionBy.map((expr) => {
    const value = analyze(expr, context);
    checkPartitionable(value.type);
    return value.sql;
  });
  const order = orderSql(spec.orderBy, (expr) => analyze(expr, context));
  const frame = spec.frame === undefined ? "" : ` ${frameSql(spec.frame, spec, context)}`;
  return (partition.length > 0 ? `PARTITION BY ${partition.join(", ")}` : "") + order + frame;
}

function frameSql(frame: Frame, spec: WindowSpec, context: Context): string {
  const [start, end] = [frame.start, frame.end].map((bound) => boundSql(bound, frame, spec, context));
  return `${frame.unit} BETWEEN ${start ?? ""} AND ${end ?? ""}`;
}

function boundSql(bound: Bound, frame: Frame, spec: WindowSpec, context: Context): string {
  if (!("offset" in bound)) return bound.kind;
  const { offset } = bound;
  if (offset.kind !== "literal" && offset.kind !== "parameter")
    throw new SqlError("invalidQuery", "Window frame offset must be a literal or parameter");
  const value = expect(analyze(offset, context), INT64, "Window frame offset");
  if (frame.unit === "RANGE") checkRangeKey(spec, context);
  return `${value.sql} ${bound.kind}`;
}

/** A numeric range over FLOAT64 would need NaN out of the way; BigQuery takes one numeric key. */
function checkRangeKey(spec: WindowSpec, context: Context): void {
  const [key] = spec.orderBy;
  const type = key && spec.orderBy.length === 1 ? analyze(key.expr, context).type.kind : "no single key";
  if (type !== "INT64") throw unsupported("window frame", `RANGE with an offset, ordered by ${type}`);
}
