import { SqlError } from "../statement.ts";
import { typeList, unify } from "../types/coerce.ts";
import { BYTES, FLOAT64, INT64, NUMERIC, sameType, STRING, type SqlType } from "../types/sql-type.ts";
import { duckCast, errorSql, type Value } from "../types/value.ts";
import { unsupported } from "../syntax/node.ts";
import { quoteText } from "../../schema/duck-text.ts";

/**
 * Arithmetic: INT64 overflows are errors in DuckDB too; FLOAT64 ones must be made so.
 *
 * Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/operators#arithmetic_operators
 */
export function arithmetic(op: "+" | "-" | "*" | "/", left: Value, right: Value): Value {
  const name = `operator ${op}`;
  if (isDateArithmetic(op, left, right)) throw unsupported("operator", `${op} of dates and times`);
  const [a, b] = numeric(left, right, name);
  if (op === "/") return divide(a, b);
  if (a.type.kind === "FLOAT64") return floatChain(op, a, b);
  if (a.type.kind === "NUMERIC" && op === "*")
    return { sql: duckCast(`(${a.sql} * ${b.sql})`, NUMERIC), type: NUMERIC };
  return { sql: `(${a.sql} ${op} ${b.sql})`, type: a.type };
}

/** `date + days`, `days + date`, `date - days`; the difference of two dates or times, which is an INTERVAL. */
function isDateArithmetic(op: string, left: Value, right: Value): boolean {
  const [a, b] = [left.type.kind, right.type.kind];
  if (op === "+") return (a === "DATE" && b === "INT64") || (a === "INT64" && b === "DATE");
  return op === "-" && ((a === "DATE" && b === "INT64") || (a === b && TEMPORAL.has(a)));
}

const TEMPORAL = new Set(["DATE", "DATETIME", "TIME", "TIMESTAMP"]);

/** Both operands as the same numeric type. */
export function numeric(left: Value, right: Value, name: string): readonly [Value, Value] {
  const mismatch = new SqlError(
    "invalidQuery",
    `No matching signature for ${name} for argument types: ${typeList([left, right])}`,
  );
  const { type, values } = unifyOr(left, right, mismatch);
  const [a, b] = values;
  const isNumber = type.kind === "INT64" || type.kind === "FLOAT64" || type.kind === "NUMERIC";
  if (!isNumber || a === undefined || b === undefined) throw mismatch;
  return [a, b];
}

function unifyOr(left: Value, right: Value, error: SqlError): ReturnType<typeof unify> {
  try {
    return unify([left, right], "");
  } catch {
    throw error;
  }
}

/** `a / b`: FLOAT64, or NUMERIC where an operand is, which DuckDB cannot divide exactly. */
function divide(left: Value, right: Value): Value {
  if (left.type.kind === "NUMERIC") throw unsupported("operator", "/ with NUMERIC operands");
  const [a, b] = [asFloat(left), asFloat(right)];
  const message = `'division by zero: ' || CAST(${a.sql} AS VARCHAR) || ' / ' || CAST(${b.sql} AS VARCHAR)`;
  const quotient = `(${a.sql} / ${b.sql})`;
  const checked = checkedFloat(quotient, [a, b]);
  return { sql: `CASE WHEN ${b.sql} = 0 THEN ${errorSql(message, FLOAT64)} ELSE ${checked} END`, type: FLOAT64 };
}

function asFloat(value: Value): Value {
  return value.type.kind === "INT64" ? { ...value, sql: duckCast(value.sql, FLOAT64), type: FLOAT64 } : value;
}

/** A chain of `+ - *` is checked once: from finite operands an overflow ends as an infinity or NaN. */
function floatChain(op: "+" | "-" | "*", a: Value, b: Value): Value {
  const leaves = [...leavesOf(a), ...leavesOf(b)];
  const unchecked = `(${a.unchecked ?? a.sql} ${op} ${b.unchecked ?? b.sql})`;
  return { sql: overflowCheck(unchecked, leaves), type: FLOAT64, leaves, unchecked };
}

function leavesOf(value: Value): readonly string[] {
  if (value.leaves !== undefined) return value.leaves;
  return value.constant === true && value.mayBeNaN !== true ? [] : [value.sql];
}

/** The result of a FLOAT64 function: an error if it is not finite although its arguments are. */
export function checkedFloat(sql: string, args: readonly Value[]): string {
  return overflowCheck(sql, args.flatMap(leavesOf));
}

function overflowCheck(sql: string, leaves: readonly string[]): string {
  const finite = [...new Set(leaves)].map((leaf) => ` AND isfinite(CAST(${leaf} AS DOUBLE))`).join("");
  return `CASE WHEN NOT isfinite(${sql})${finite} THEN ${errorSql("'floating point overflow'", FLOAT64)} ELSE ${sql} END`;
}

/** `a || b` of two STRING, BYTES or ARRAY values. */
export function concatenate(left: Value, right: Value): Value {
  const { type, values } = unify([left, right], "operator ||");
  const [a, b] = values.map((value) => value.sql);
  if (type.kind === "ARRAY")
    return {
      sql: `CASE WHEN ${a ?? ""} IS NOT NULL AND ${b ?? ""} IS NOT NULL THEN list_concat(${a ?? ""}, ${b ?? ""}) END`,
      type,
    };
  if (!sameType(type, STRING) && !sameType(type, BYTES)) throw mismatch("operator ||", [left, right]);
  return { sql: `(${a ?? ""} || ${b ?? ""})`, type };
}

/** Bit operators on INT64. A shift by 64 or more gives 0 and a negative one is an error. */
export function bitwise(op: "&" | "|" | "^" | "<<" | ">>", left: Value, right: Value): Value {
  if (left.type.kind === "BYTES") throw unsupported("operator", `${op} of BYTES`);
  if (left.type.kind !== "INT64" || right.type.kind !== "INT64") throw mismatch(`operator ${op}`, [left, right]);
  if (op === "<<" || op === ">>") throw unsupported("operator", op);
  const sql = op === "^" ? `xor(${left.sql}, ${right.sql})` : `(${left.sql} ${op} ${right.sql})`;
  return { sql, type: INT64 };
}

export function mismatch(name: string, values: readonly Value[]): SqlError {
  return new SqlError("invalidQuery", `No matching signature for ${name} for argument types: ${typeList(values)}`);
}

/** `-x`. The literal 9223372036854775808 exists only with a minus sign, and is refused by the lexer's rule for literals. */
export function negate(value: Value): Value {
  const type: SqlType = value.type;
  if (type.kind !== "INT64" && type.kind !== "FLOAT64" && type.kind !== "NUMERIC")
    throw mismatch("operator -", [value]);
  const literal = value.literal === "number" ? { literal: value.literal, text: `-${value.text ?? ""}` } : {};
  const constant = value.constant === true ? { constant: true } : {};
  return {
    sql: type.kind === "INT64" ? `(0::BIGINT - ${value.sql})` : `(-${value.sql})`,
    type,
    ...literal,
    ...constant,
  };
}

/** A message that quotes a value at run time. */
export function messageWith(text: string, sql: string): string {
  return `${quoteText(text)} || CAST(${sql} AS VARCHAR)`;
}
