import { SqlError } from "../statement.ts";
import { unsupported } from "../syntax/node.ts";
import { coerce, numericToFloat } from "../types/coerce.ts";
import { sameType, type Scalar, type SqlType, typeText } from "../types/sql-type.ts";
import { duckCast, errorSql, nullOf, type Value } from "../types/value.ts";
import { floatText, numericText, timestampText, datetimeText, timeOfDayText } from "./text.ts";
import { fromText } from "./parse-text.ts";
import { quoteText } from "../../schema/duck-text.ts";

type Cast = (sql: string, fail: (message: string) => string) => string;

const TO_INT_MIN = "-9223372036854775808";

/**
 * CAST and SAFE_CAST. `fail` is what stands where the cast is impossible at run time: an error, or NULL.
 *
 * Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/conversion_functions#cast
 */
export function castValue(value: Value, type: SqlType, safe: boolean): Value {
  if (value.literal === "null") return nullOf(type);
  if (sameType(value.type, type)) return { sql: value.sql, type };
  const cast = castOf(value.type, type);
  if (cast === undefined) {
    const coerced = type.kind === "ARRAY" || type.kind === "STRUCT" ? coerce(value, type) : undefined;
    if (coerced !== undefined) return { sql: coerced.sql, type };
    throw new SqlError("invalidQuery", `Invalid cast from ${typeText(value.type)} to ${typeText(type)}`);
  }
  const fail = (message: string): string => (safe ? duckCast("NULL", type) : errorSql(message, type));
  return { sql: cast(value.sql, fail), type };
}

function castOf(from: SqlType, to: SqlType): Cast | undefined {
  if (to.kind === "STRING") return TO_STRING[from.kind];
  if (from.kind === "STRING" && to.kind !== "ARRAY" && to.kind !== "STRUCT")
    return (sql, fail) => fromText(sql, to.kind, fail);
  return OTHER[`${from.kind} ${to.kind}`];
}

const TO_STRING: Readonly<Partial<Record<Scalar | "ARRAY" | "STRUCT", Cast>>> = {
  INT64: (sql) => `CAST(${sql} AS VARCHAR)`,
  FLOAT64: floatText,
  NUMERIC: numericText,
  BOOL: (sql) => `CAST(${sql} AS VARCHAR)`,
  BYTES: (sql, fail) => {
    const message = quoteText("Invalid bytes: not UTF-8");
    return `CASE WHEN ${sql} IS NULL THEN NULL ELSE coalesce(TRY(decode(${sql})), ${fail(message)}) END`;
  },
  DATE: (sql) => `strftime(${sql}, '%Y-%m-%d')`,
  DATETIME: datetimeText,
  TIME: timeOfDayText,
  TIMESTAMP: timestampText,
};

const OTHER: Readonly<Record<string, Cast>> = {
  "INT64 FLOAT64": (sql) => `CAST(${sql} AS DOUBLE)`,
  "INT64 NUMERIC": (sql) => `CAST(${sql} AS DECIMAL(38,9))`,
  "INT64 BOOL": (sql) => `(${sql} <> 0)`,
  "BOOL INT64": (sql) => `CAST(${sql} AS BIGINT)`,
  "NUMERIC FLOAT64": numericToFloat,
  "NUMERIC INT64": (sql, fail) => {
    const rounded = `round(${sql}, 0)`;
    return guarded(
      sql,
      `${rounded} BETWEEN ${TO_INT_MIN}::DECIMAL(38,0) AND 9223372036854775807::DECIMAL(38,0)`,
      `CAST(${rounded} AS BIGINT)`,
      fail,
    );
  },
  "FLOAT64 INT64": (sql, fail) => {
    const rounded = `round(${sql})`;
    const fits = `isfinite(${sql}) AND ${rounded} >= -9223372036854775808::DOUBLE AND ${rounded} < 9223372036854775808::DOUBLE`;
    return guarded(sql, fits, `CAST(${rounded} AS BIGINT)`, fail);
  },
  "FLOAT64 NUMERIC": () => {
    throw unsupported("cast", "FLOAT64 to NUMERIC");
  },
  "DATE DATETIME": (sql) => `CAST(${sql} AS TIMESTAMP)`,
  "DATE TIMESTAMP": (sql) => `CAST(CAST(${sql} AS TIMESTAMP) AS TIMESTAMPTZ)`,
  "DATETIME DATE": (sql) => `CAST(${sql} AS DATE)`,
  "DATETIME TIME": (sql) => `CAST(${sql} AS TIME)`,
  "DATETIME TIMESTAMP": (sql) => `CAST(${sql} AS TIMESTAMPTZ)`,
  "TIMESTAMP DATE": (sql) => `CAST(CAST(${sql} AS TIMESTAMP) AS DATE)`,
  "TIMESTAMP TIME": (sql) => `CAST(CAST(${sql} AS TIMESTAMP) AS TIME)`,
  "TIMESTAMP DATETIME": (sql) => `CAST(${sql} AS TIMESTAMP)`,
};

/** `value` where `test` holds, NULL where the argument is NULL, else the failure. */
function guarded(sql: string, test: string, value: string, fail: (message: string) => string): string {
  const message = `'Bad value for cast: ' || CAST(${sql} AS VARCHAR)`;
  return `CASE WHEN ${sql} IS NULL THEN NULL WHEN ${test} THEN ${value} ELSE ${fail(message)} END`;
}
