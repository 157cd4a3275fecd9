import { parseDate, parseDateTime, parseTime, parseTimestamp } from "../../schema/civil-text.ts";
import { formatDecimal, NUMERIC_SCALE, parseNumeric } from "../../schema/decimal-text.ts";
import { SqlError } from "../statement.ts";
import { BYTES, FLOAT64, INT64, type Scalar, STRING, typeText } from "./sql-type.ts";
import { duckCast, type Value } from "./value.ts";
import { quoteText } from "../../schema/duck-text.ts";

const INT64_MAX = 2n ** 63n - 1n;
const NAMED_ZONE = /[A-Za-z]+\/[A-Za-z_]+/;

/** A literal of a statement. Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/lexical#literals */
export function literalValue(type: string, text: string): Value {
  if (type === "INT64") return integer(text);
  if (type === "FLOAT64") return { ...float(text), literal: "number", text };
  if (type === "STRING")
    return { sql: duckCast(quoteText(text), STRING), type: STRING, literal: "string", text, constant: true };
  if (type === "BYTES") return bytes(text);
  return scalarFromText(type.replace("typed ", "") as Scalar, text, (wanted) => `Invalid ${wanted} literal`);
}

function integer(text: string): Value {
  const value = BigInt(text);
  if (value > INT64_MAX) throw new SqlError("invalidQuery", `Invalid integer literal: ${text}`);
  return {
    sql: duckCast(value.toString(), INT64),
    type: INT64,
    literal: "number",
    text: value.toString(),
    constant: true,
  };
}

function float(text: string): Value {
  const value = Number(text);
  if (!Number.isFinite(value)) throw new SqlError("invalidQuery", `Invalid floating point literal: ${text}`);
  return { sql: duckCast(quoteText(text), FLOAT64), type: FLOAT64, constant: true };
}

function bytes(hex: string): Value {
  return { sql: `unhex(${quoteText(hex)})`, type: BYTES, constant: true };
}

/** The value of a scalar type that `text` spells, or an error that `complain` words. */
export function scalarFromText(type: Scalar, text: string, complain: (type: string) => string): Value {
  const sql = scalarSql(type, text);
  if (sql === undefined) throw new SqlError("invalidQuery", `${complain(typeText({ kind: type }))}: '${text}'`);
  const mayBeNaN = type === "FLOAT64" && !Number.isFinite(Number(text));
  return { sql, type: { kind: type }, constant: true, ...(mayBeNaN && { mayBeNaN }) };
}

function scalarSql(type: Scalar, text: string): string | undefined {
  if (type === "STRING") return duckCast(quoteText(text), STRING);
  if (type === "INT64") return integerSql(text);
  if (type === "FLOAT64") return floatSql(text);
  if (type === "NUMERIC") return numericSql(text);
  if (type === "BOOL") return /^(true|false)$/i.test(text) ? text.toUpperCase() : undefined;
  if (type === "JSON") return jsonSql(text);
  if (type === "BYTES") return `from_base64(${quoteText(text)})`;
  return temporalSql(type, text);
}

function integerSql(text: string): string | undefined {
  if (!/^[+-]?\d+$/.test(text)) return undefined;
  const value = BigInt(text.replace("+", ""));
  return value > INT64_MAX || value < -INT64_MAX - 1n ? undefined : duckCast(quoteText(value.toString()), INT64);
}

function floatSql(text: string): string | undefined {
  const special = /^([+-]?)(nan|inf|infinity)$/i.exec(text);
  if (special !== null) return duckCast(quoteText((special[1] === "-" ? "-" : "") + (special[2] ?? "")), FLOAT64);
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) || !Number.isFinite(Number(text))) return undefined;
  return duckCast(quoteText(text), FLOAT64);
}

function numericSql(text: string): string | undefined {
  const scaled = parseNumeric(text);
  return scaled === undefined
    ? undefined
    : duckCast(quoteText(formatDecimal(scaled, NUMERIC_SCALE)), { kind: "NUMERIC" });
}

function jsonSql(text: string): string | undefined {
  try {
    JSON.parse(text);
  } catch {
    return undefined;
  }
  return duckCast(quoteText(text), { kind: "JSON" });
}

function temporalSql(type: "DATE" | "DATETIME" | "TIME" | "TIMESTAMP", text: string): string | undefined {
  if (type === "DATE") {
    const days = parseDate(text, "literal");
    return days === undefined ? undefined : dateLiteral(days);
  }
  if (type === "TIME") {
    const micros = parseTime(text, "literal");
    return micros === undefined ? undefined : `CAST('${timeText(micros)}' AS TIME)`;
  }
  const micros = type === "DATETIME" ? parseDateTime(text, "literal") : parseTimestampLiteral(text);
  if (micros === undefined) return undefined;
  return type === "DATETIME" ? `CAST('${civilText(micros)}' AS TIMESTAMP)` : timestampSql(micros);
}

/** Microseconds since the epoch of a TIMESTAMP literal whose zone is an offset, `Z`, `UTC` or absent (UTC). */
function parseTimestampLiteral(text: string): bigint | undefined {
  if (NAMED_ZONE.test(text))
    throw new SqlError("notImplemented", `time zone is not supported by the embedded BigQuery: '${text}'`);
  return parseTimestamp(text, "literal");
}

/** A TIMESTAMP constant: a literal that DuckDB's planner sees as one. */
export function timestampSql(micros: bigint): string {
  return `CAST('${civilText(micros)}+00' AS TIMESTAMPTZ)`;
}

export function dateLiteral(days: number): string {
  return `CAST('${civilText(BigInt(days) * 86_400_000_000n).slice(0, 10)}' AS DATE)`;
}

export function timeText(microsOfDay: bigint): string {
  return civilText(microsOfDay).slice(11);
}

/** `YYYY-MM-DD hh:mm:ss.ffffff` */
export function civilText(micros: bigint): string {
  const millis = micros >= 0n ? micros / 1000n : (micros - 999n) / 1000n;
  const rest = (micros - millis * 1000n).toString().padStart(3, "0");
  return new Date(Number(millis)).toISOString().replace("T", " ").replace("Z", rest);
}
