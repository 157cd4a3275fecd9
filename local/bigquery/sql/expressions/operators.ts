import type { Context } from "../context.ts";
import { SqlError } from "../statement.ts";
import { unsupported } from "../syntax/node.ts";
import type { BinaryOp, Expr } from "../syntax/ast.ts";
import { expect } from "../types/coerce.ts";
import { literalValue, scalarFromText } from "../types/literal.ts";
import { BOOL, INT64 } from "../types/sql-type.ts";
import type { Value } from "../types/value.ts";
import { analyze } from "./analyze.ts";
import { arithmetic, bitwise, concatenate, mismatch, negate } from "./arithmetic.ts";
import { comparable, compare } from "./comparison.ts";

/** A binary operator. Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/operators */
export function binaryValue(op: BinaryOp, left: Value, right: Value): Value {
  switch (op) {
    case "+":
    case "-":
    case "*":
    case "/":
      return arithmetic(op, left, right);
    case "||":
      return concatenate(left, right);
    case "&":
    case "|":
    case "^":
    case "<<":
    case ">>":
      return bitwise(op, left, right);
    case "LIKE":
      return like(left, right);
    case "AND":
    case "OR":
      return { sql: `(${bool(left, op)} ${op} ${bool(right, op)})`, type: BOOL };
    default:
      return compare(op, left, right);
  }
}

function bool(value: Value, op: string): string {
  if (value.literal !== "null" && value.type.kind !== "BOOL") throw mismatch(`operator ${op}`, [value]);
  return expect(value, BOOL, `Operand of ${op}`).sql;
}

/** A pattern may not end with a single backslash; DuckDB checks that only when it meets it, BigQuery as well. */
function like(left: Value, right: Value): Value {
  const { type, values } = comparable(left, right, "operator LIKE");
  if (type.kind === "BYTES") throw unsupported("operator", "LIKE with BYTES operands");
  if (type.kind !== "STRING") throw mismatch("operator LIKE", [left, right]);
  return { sql: `(${values[0].sql} LIKE ${values[1].sql} ESCAPE '\\')`, type: BOOL };
}

export function unaryValue(expr: Extract<Expr, { kind: "unary" }>, context: Context): Value {
  const { arg, op } = expr;
  if (op === "-" && arg.kind === "literal" && arg.text === "9223372036854775808")
    return scalarFromText("INT64", `-${arg.text}`, String);
  if (op === "-" && arg.kind === "literal" && (arg.type === "INT64" || arg.type === "FLOAT64"))
    return negativeLiteral(arg.type, arg.text);
  const value = analyze(arg, context);
  if (op === "-") return negate(value);
  if (op === "NOT") return { sql: `(NOT ${bool(value, op)})`, type: BOOL };
  if (value.type.kind !== "INT64") throw mismatch("operator ~", [value]);
  return { sql: `(~${value.sql})`, type: INT64 };
}

function negativeLiteral(type: string, text: string): Value {
  const value = negate(literalValue(type, text));
  return { ...value, sql: value.sql.replace("(0::BIGINT - ", "(- ") };
}

/** `IS [NOT] NULL`, `TRUE`, `FALSE`: never NULL themselves. */
export function isValue(arg: Value, what: "NULL" | "TRUE" | "FALSE", not: boolean): Value {
  if (what !== "NULL" && arg.literal !== "null" && arg.type.kind !== "BOOL")
    throw mismatch(`operator IS ${what}`, [arg]);
  const isDistinct = not ? "IS DISTINCT FROM" : "IS NOT DISTINCT FROM";
  const test = what === "NULL" ? `IS ${not ? "NOT " : ""}NULL` : `${isDistinct} ${what}`;
  return { sql: `(${arg.sql} ${test})`, type: BOOL };
}

/** `IS [NOT] DISTINCT FROM`: NULL and NaN are values like any other, which is also DuckDB's reading. */
export function distinctFrom(left: Value, right: Value, not: boolean): Value {
  const { values } = comparable(left, right, "operator IS DISTINCT FROM");
  return { sql: `(${values[0].sql} IS ${not ? "NOT " : ""}DISTINCT FROM ${values[1].sql})`, type: BOOL };
}

/** `x BETWEEN low AND high` is `low <= x AND x <= high`. */
export function betweenValue(arg: Value, low: Value, high: Value, not: boolean): Value {
  const both = `(${compare(">=", arg, low).sql} AND ${compare("<=", arg, high).sql})`;
  return { sql: not ? `(NOT ${both})` : both, type: BOOL };
}

/** A condition of WHERE, HAVING, QUALIFY or ON. */
export function condition(expr: Expr, context: Context, clause: string): string {
  const value = analyze(expr, context);
  if (value.literal !== "null" && value.type.kind !== "BOOL") {
    throw new SqlError("invalidQuery", `${clause} should return type BOOL, but returns ${value.type.kind}`);
  }
  return value.literal === "null" ? "CAST(NULL AS BOOLEAN)" : value.sql;
}
