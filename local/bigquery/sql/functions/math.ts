import { checkedFloat } from "../expressions/arithmetic.ts";
import { unsupported } from "../syntax/node.ts";
import { FLOAT64, INT64 } from "../types/sql-type.ts";
import { errorSql } from "../types/value.ts";
import { type Emit, fill, scalars } from "./entry.ts";

/** A FLOAT64 function whose overflow is an error. */
const checked =
  (template: string): Emit =>
  (args, call) =>
    checkedFloat(fill(template, args), call.values);

/** The greatest or least of the arguments: NULL if one is NULL, NaN if one is NaN. */
const extreme =
  (duck: string): Emit =>
  (args, call) => {
    const [value] = call.values;
    if (["JSON", "ARRAY", "STRUCT"].includes(value?.type.kind ?? ""))
      throw unsupported("argument", `${duck} of ${value?.type.kind ?? ""}`);
    const anyNull = args.map((arg) => `${arg} IS NULL`).join(" OR ");
    const anyNaN = args.map((arg) => `isnan(${arg})`).join(" OR ");
    const nan = value?.type.kind === "FLOAT64" ? ` WHEN ${anyNaN} THEN CAST('nan' AS DOUBLE)` : "";
    return `CASE WHEN ${anyNull} THEN NULL${nan} ELSE ${duck}(${args.join(", ")}) END`;
  };

/** `LOG(x, base)`: an error for a base of 1; NaN for an infinite base and for x of -infinity. */
function logarithm([x = "", base = ""]: readonly string[]): string {
  const isNaN = `isinf(${base}) AND ${base} > 0 OR isinf(${x}) AND ${x} < 0`;
  const one = errorSql("'LOG with a base of 1'", FLOAT64);
  return `CASE WHEN ${x} IS NULL OR ${base} IS NULL THEN NULL WHEN ${base} = 1 THEN ${one} WHEN ${isNaN} THEN CAST('nan' AS DOUBLE) ELSE ln(${x}) / ln(${base}) END`;
}

const integerDivision =
  (name: string, op: string): Emit =>
  ([a = "", b = ""]) =>
    `CASE WHEN ${b} = 0 THEN ${errorSql(`'division by zero: ${name}(' || CAST(${a} AS VARCHAR) || ', 0)'`, INT64)} ELSE (${a} ${op} ${b}) END`;

/** NULL instead of an overflow: computed as HUGEINT, which holds every sum and product of two INT64. */
const safe =
  (op: string): Emit =>
  ([a = "", b = ""]) =>
    `TRY_CAST((CAST(${a} AS HUGEINT) ${op} CAST(${b} AS HUGEINT)) AS BIGINT)`;

/** IEEE 754 arithmetic, NULL where finite operands have no finite result. */
const safeFloat =
  (op: string): Emit =>
  ([a = "", b = ""]) =>
    `CASE WHEN isfinite(${a} ${op} ${b}) OR NOT isfinite(${a}) OR NOT isfinite(${b}) THEN (${a} ${op} ${b}) END`;

/** DuckDB's own answer to a division by zero is NULL. */
const IEEE_DIVIDE =
  "CASE WHEN $2 <> 0 OR isnan($2) THEN ($1 / $2) WHEN $1 IS NULL OR $2 IS NULL THEN NULL WHEN $1 = 0 OR isnan($1) THEN CAST('nan' AS DOUBLE) WHEN ($1 > 0) = (CAST($2 AS VARCHAR)[1] <> '-') THEN CAST('inf' AS DOUBLE) ELSE CAST('-inf' AS DOUBLE) END";

const ROUND_DIGITS = "round($1, CAST($2 AS INTEGER))";

/** Mathematical functions. Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/mathematical_functions */
export const MATHS = scalars("mathematical_functions", [
  ["ABS(INT64) -> INT64", "abs($1)"],
  ["ABS(NUMERIC) -> NUMERIC", "abs($1)"],
  ["ABS(FLOAT64) -> FLOAT64", "abs($1)"],
  ["SIGN(INT64) -> INT64", "CAST(sign($1) AS BIGINT)"],
  ["SIGN(FLOAT64) -> FLOAT64", "CASE WHEN isnan($1) THEN $1 ELSE CAST(sign($1) AS DOUBLE) END"],
  ["ROUND(FLOAT64) -> FLOAT64", "round($1)"],
  ["ROUND(FLOAT64, INT64) -> FLOAT64", ROUND_DIGITS],
  ["ROUND(NUMERIC) -> NUMERIC", "CAST(round($1, 0) AS DECIMAL(38,9))"],
  ["TRUNC(FLOAT64) -> FLOAT64", "trunc($1)"],
  ["CEIL(FLOAT64) -> FLOAT64", "ceil($1)"],
  ["CEILING(FLOAT64) -> FLOAT64", "ceil($1)"],
  ["FLOOR(FLOAT64) -> FLOAT64", "floor($1)"],
  ["SQRT(FLOAT64) -> FLOAT64", "sqrt($1)"],
  ["POW(FLOAT64, FLOAT64) -> FLOAT64", checked("pow($1, $2)")],
  ["POWER(FLOAT64, FLOAT64) -> FLOAT64", checked("pow($1, $2)")],
  ["EXP(FLOAT64) -> FLOAT64", checked("exp($1)")],
  ["LN(FLOAT64) -> FLOAT64", "ln($1)"],
  ["LOG(FLOAT64) -> FLOAT64", "ln($1)"],
  ["LOG(FLOAT64, FLOAT64) -> FLOAT64", logarithm],
  ["LOG10(FLOAT64) -> FLOAT64", "log10($1)"],
  ["GREATEST(T, T...) -> T", extreme("greatest")],
  ["LEAST(T, T...) -> T", extreme("least")],
  ["IS_NAN(FLOAT64) -> BOOL", "isnan($1)"],
  ["IS_INF(FLOAT64) -> BOOL", "isinf($1)"],
  ["SIN(FLOAT64) -> FLOAT64", "sin($1)"],
  ["COS(FLOAT64) -> FLOAT64", "cos($1)"],
  ["TAN(FLOAT64) -> FLOAT64", "tan($1)"],
  ["ASIN(FLOAT64) -> FLOAT64", "asin($1)"],
  ["ACOS(FLOAT64) -> FLOAT64", "acos($1)"],
  ["ATAN(FLOAT64) -> FLOAT64", "atan($1)"],
  ["ATAN2(FLOAT64, FLOAT64) -> FLOAT64", "atan2($1, $2)"],
  ["DIV(INT64, INT64) -> INT64", integerDivision("DIV", "//")],
  ["MOD(INT64, INT64) -> INT64", integerDivision("MOD", "%")],
  [
    "SAFE_DIVIDE(FLOAT64, FLOAT64) -> FLOAT64",
    ([a = "", b = ""], call) => {
      if (call.values.some((value) => value.type.kind !== FLOAT64.kind))
        throw unsupported("argument", "SAFE_DIVIDE of NUMERIC");
      return `CASE WHEN ${b} = 0 THEN NULL ELSE ${safeFloat("/")([a, b], call)} END`;
    },
  ],
  ["IEEE_DIVIDE(FLOAT64, FLOAT64) -> FLOAT64", IEEE_DIVIDE],
  ["SAFE_ADD(INT64, INT64) -> INT64", safe("+")],
  ["SAFE_ADD(FLOAT64, FLOAT64) -> FLOAT64", safeFloat("+")],
  ["SAFE_SUBTRACT(INT64, INT64) -> INT64", safe("-")],
  ["SAFE_SUBTRACT(FLOAT64, FLOAT64) -> FLOAT64", safeFloat("-")],
  ["SAFE_MULTIPLY(INT64, INT64) -> INT64", safe("*")],
  ["SAFE_MULTIPLY(FLOAT64, FLOAT64) -> FLOAT64", safeFloat("*")],
  ["SAFE_NEGATE(INT64) -> INT64", "TRY_CAST(-CAST($1 AS HUGEINT) AS BIGINT)"],
  ["SAFE_NEGATE(FLOAT64) -> FLOAT64", "(-$1)"],
]);
