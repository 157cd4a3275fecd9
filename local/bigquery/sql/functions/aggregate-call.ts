import type { Context } from "../context.ts";
import { analyze } from "../expressions/analyze.ts";
import { orderSql } from "../query/order.ts";
import { checkGroupable } from "../query/groupable.ts";
import type { Scope } from "../scope.ts";
import { SqlError } from "../statement.ts";
import { unsupported } from "../syntax/node.ts";
import type { Call } from "../syntax/ast.ts";
import { expect } from "../types/coerce.ts";
import { INT64 } from "../types/sql-type.ts";
import type { Value } from "../types/value.ts";
import { resolveCall } from "./call.ts";
import type { AggregateInfo, FunctionEntry } from "./entry.ts";

/** An aggregate function, with `over` as its OVER clause or without. Its arguments see single rows. */
export function aggregateCall(call: Call, entries: readonly FunctionEntry[], over: string, context: Context): Value {
  const { scope } = context;
  if (over === "") {
    if (context.noAggregates !== undefined)
      throw new SqlError("invalidQuery", `Aggregate function ${call.name} not allowed in ${context.noAggregates}`);
    scope.aggregates += 1;
  }
  const marks = outward(scope).map((outer) => [outer, outer.used.length] as const);
  const value = emitAggregate(call, entries, over, over === "" ? rowContext(context, call.name) : context);
  const [own, ...outer] = marks.map(([used, before]) => used.used.length - before);
  if (over === "") {
    if (own === 0 && outer.some((count) => count > 0))
      throw unsupported("aggregate function of an outer query's columns", call.name);
    scope.used.length = marks[0]?.[1] ?? 0;
  }
  return value;
}

function outward(scope: Scope): Scope[] {
  return scope.parent === undefined ? [scope] : [scope, ...outward(scope.parent)];
}

function rowContext(context: Context, name: string): Context {
  const { session, scope, ctes, windows } = context;
  return { session, scope, ctes, windows, noAggregates: `an argument of ${name}`, noWindows: `an argument of ${name}` };
}

function emitAggregate(call: Call, entries: readonly FunctionEntry[], over: string, context: Context): Value {
  checkModifiers(call, entries[0], over);
  if (call.star) return countStar(call, over);
  const { entry, match, info } = resolveCall(call, entries, context);
  if (call.distinct) match.args.slice(0, 1).forEach((arg) => checkGroupable(arg.type, `${call.name} DISTINCT`));
  const details: AggregateInfo = {
    ...info,
    distinct: call.distinct,
    nulls: call.nulls,
    order: orderSql(call.orderBy, (expr) => checkedOrder(call, analyze(expr, context), match.args[0])),
    limit: call.limit && expect(analyze(call.limit, context), INT64, "LIMIT").sql,
  };
  const sql = entry.aggregate?.(
    match.args.map((arg) => arg.sql),
    over,
    details,
  );
  if (sql === undefined) throw unsupported("function", call.name);
  return { sql, type: match.result };
}

/** With DISTINCT only the aggregated expression itself can be the order. */
function checkedOrder(call: Call, key: Value, argument: Value | undefined): Value {
  if (!call.distinct || key.sql === argument?.sql) return key;
  throw new SqlError(
    "invalidQuery",
    "An aggregate function that has both DISTINCT and ORDER BY arguments can only ORDER BY expressions that are arguments to the function",
  );
}

function checkModifiers(call: Call, entry: FunctionEntry | undefined, over: string): void {
  const asked = {
    DISTINCT: call.distinct,
    "ORDER BY": call.orderBy.length > 0,
    LIMIT: call.limit !== undefined,
    NULLS: call.nulls !== undefined,
    OVER: over !== "",
  };
  for (const [modifier, isAsked] of Object.entries(asked)) {
    if (isAsked && entry?.allows?.includes(modifier as "OVER") !== true)
      throw unsupported("function call", `${call.name} with ${modifier}`);
  }
  if (over !== "" && (call.orderBy.length > 0 || call.limit !== undefined || call.distinct)) {
    throw unsupported("function call", `${call.name} with DISTINCT, ORDER BY or LIMIT before OVER`);
  }
}

function countStar(call: Call, over: string): Value {
  if (call.name !== "COUNT" || call.distinct)
    throw new SqlError("invalidQuery", `Argument * can only be used in COUNT(*)`);
  return { sql: `count(*)${over}`, type: INT64 };
}
