import type { Context } from "../context.ts";
import { callValue } from "../functions/call.ts";
import { windowValue } from "../query/window.ts";
import { fieldOf } from "../scope.ts";
import { unsupported } from "../syntax/node.ts";
import type { Expr } from "../syntax/ast.ts";
import { literalValue } from "../types/literal.ts";
import { BOOL, INT64 } from "../types/sql-type.ts";
import { nullOf, type Value } from "../types/value.ts";
import { arrayConstructor, elementAt, structConstructor } from "./constructors.ts";
import { betweenValue, binaryValue, distinctFrom, isValue, unaryValue } from "./operators.ts";
import { caseValue } from "./conditional.ts";
import { castValue } from "./cast.ts";
import { inList, inUnnest } from "./membership.ts";
import { arrayQuery, existsQuery, inQuery, scalarQuery } from "./subqueries.ts";

/** The type of an expression and its SQL. Every kind of expression has exactly one reader below. */
export function analyze(expr: Expr, context: Context): Value {
  const { used } = context.scope;
  const before = used.length;
  const value = analyzeKind(expr, context);
  if (context.groupKeys?.has(value.sql) === true) used.length = before;
  return value;
}

function analyzeKind(expr: Expr, context: Context): Value {
  const of = (child: Expr): Value => analyze(child, context);
  switch (expr.kind) {
    case "literal":
      return literalValue(expr.type, expr.text);
    case "null":
      return { ...nullOf(INT64), literal: "null" };
    case "bool":
      return { sql: expr.value ? "TRUE" : "FALSE", type: BOOL, constant: true };
    case "parameter":
      return context.session.named(expr.name);
    case "positional":
      return context.session.positional(expr.index);
    case "path":
      return context.scope.resolve(expr.names);
    case "field":
      return fieldOf(of(expr.base), expr.name);
    case "index":
      return elementAt(of(expr.base), expr.index, context);
    case "unary":
      return unaryValue(expr, context);
    case "binary":
      return binaryValue(expr.op, of(expr.left), of(expr.right));
    case "distinctFrom":
      return distinctFrom(of(expr.left), of(expr.right), expr.not);
    case "is":
      return isValue(of(expr.arg), expr.what, expr.not);
    case "between":
      return betweenValue(of(expr.arg), of(expr.low), of(expr.high), expr.not);
    case "inList":
      return inList(of(expr.arg), expr.items.map(of), expr.not);
    case "inUnnest":
      return inUnnest(of(expr.arg), of(expr.array), expr.not);
    case "inQuery":
      return inQuery(of(expr.arg), expr.query, expr.not, context);
    case "case":
      return caseValue(expr, context);
    case "cast":
      return castValue(of(expr.arg), expr.type, expr.safe);
    case "struct":
      return structConstructor(expr, context);
    case "array":
      return arrayConstructor(expr, context);
    case "arrayQuery":
      return arrayQuery(expr.query, context);
    case "scalarQuery":
      return scalarQuery(expr.query, context);
    case "exists":
      return existsQuery(expr.query, context);
    case "call":
      return callValue(expr, context);
    case "over":
      return windowValue(expr, context);
    case "interval":
    case "atTimeZone":
      throw unsupported("expression", expr.kind === "interval" ? "INTERVAL outside a date function" : "AT TIME ZONE");
  }
}
