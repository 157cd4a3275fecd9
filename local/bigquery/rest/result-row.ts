import {
  type DuckDBDataChunk,
  type DuckDBValue,
  DuckDBBlobValue,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBListValue,
  DuckDBStructValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  DuckDBTimeValue,
} from "@duckdb/node-api";
import type { Field, FieldType } from "../schema/field.ts";
import { ApiError } from "./api-error.ts";
import { inTimestampRange, MAX_DAYS, MIN_DAYS } from "../schema/civil-time.ts";
import { formatDecimal } from "../schema/decimal-text.ts";
import { formatDate, formatDatetime, formatTime } from "./civil-format.ts";

/** Makes the JSON text of a cell's `v`. */
type Encode = (value: DuckDBValue) => string;

/** Encoders for the columns of one result; made once, used for every chunk. */
export type RowEncoder = readonly Encode[];

/** By column type. Only text and JSON can hold a character that JSON escapes. */
const SCALARS: Readonly<Record<Exclude<FieldType, "RECORD">, Encode>> = {
  STRING: (value) => JSON.stringify(expect(value, typeof value === "string", "STRING")),
  BYTES: (value) => (value instanceof DuckDBBlobValue ? quote(base64(value.bytes)) : mismatch("BYTES")),
  INTEGER: (value) => quote(integerText(value)),
  FLOAT: (value) => quote(floatText(value)),
  NUMERIC: (value) => quote(numericText(value)),
  BOOLEAN: (value) => quote(String(expect(value, typeof value === "boolean", "BOOLEAN"))),
  TIMESTAMP: (value) => quote(String(microsOf(value, "TIMESTAMP"))),
  DATE: (value) => (value instanceof DuckDBDateValue ? quote(dateText(value)) : mismatch("DATE")),
  TIME: (value) => (value instanceof DuckDBTimeValue ? quote(formatTime(value.micros)) : mismatch("TIME")),
  DATETIME: (value) => quote(formatDatetime(microsOf(value, "DATETIME"))),
  JSON: (value) => JSON.stringify(expect(value, typeof value === "string", "JSON")),
};

/**
 * The encoder of rows with these columns. TIMESTAMPs become microseconds since the epoch, see `timestamp-format.ts` for
 * the other spellings. Source of the spellings: the row format that the official clients parse, and
 * https://cloud.google.com/bigquery/docs/reference/rest/v2/jobs/getQueryResults#body.GetQueryResultsResponse.FIELDS.rows
 */
export function rowEncoder(fields: readonly Field[]): RowEncoder {
  return fields.map(fieldEncoder);
}

/**
 * The rows `start` (inclusive) to `end` of a chunk, each as JSON text `{"f":[{"v":…},…]}`. Goes through the chunk by
 * column, which is how DuckDB lays it out.
 */
export function encodeRows(chunk: DuckDBDataChunk, encoder: RowEncoder, start: number, end: number): string[] {
  const rows = Array.from({ length: end - start }, () => '{"f":[');
  encoder.forEach((encode, column) => {
    const vector = chunk.getColumnVector(column);
    const lead = column === 0 ? '{"v":' : ',{"v":';
    for (let i = 0; i < rows.length; i++) rows[i] = `${rows[i] ?? ""}${lead}${encode(vector.getItem(start + i))}}`;
  });
  return rows.map((row) => `${row}]}`);
}

function fieldEncoder(field: Field): Encode {
  const one = field.type === "RECORD" ? recordEncoder(field.fields ?? []) : SCALARS[field.type];
  return field.mode === "REPEATED" ? arrayEncoder(field, one) : (value) => (value === null ? "null" : one(value));
}

/** An ARRAY is never NULL in a result: it is read back as empty. */
function arrayEncoder(field: Field, one: Encode): Encode {
  const element: Encode = (value) => {
    if (value !== null) return `{"v":${one(value)}}`;
    throw new ApiError("invalidQuery", `Array cannot have a null element; error in writing field ${field.name}`, "q");
  };
  return (value) => {
    if (value === null) return "[]";
    return value instanceof DuckDBListValue ? `[${value.items.map(element).join(",")}]` : mismatch("ARRAY");
  };
}

/** Members are taken by position: in GoogleSQL a STRUCT's members may be unnamed or share a name. */
function recordEncoder(members: readonly Field[]): Encode {
  const encoders = members.map(fieldEncoder);
  return (value) => {
    const values = value instanceof DuckDBStructValue ? Object.values(value.entries) : [];
    if (values.length !== encoders.length) return mismatch("STRUCT");
    return `{"f":[${encoders.map((encode, i) => `{"v":${encode(values[i] ?? null)}}`).join(",")}]}`;
  };
}

function integerText(value: DuckDBValue): string {
  return typeof value === "bigint" || Number.isInteger(value) ? String(value) : mismatch("INTEGER");
}

/** `1.0`, `-0.0`, `1.5E300`, `NaN`, `Infinity` */
function floatText(value: DuckDBValue): string {
  if (value instanceof DuckDBDecimalValue) return floatText(value.toDouble());
  if (typeof value !== "number") return mismatch("FLOAT");
  if (Object.is(value, -0)) return "-0.0";
  const text = String(value);
  if (!Number.isFinite(value)) return text;
  const [mantissa = "", exponent] = text.split("e");
  const decimal = mantissa.includes(".") ? mantissa : `${mantissa}.0`;
  return exponent === undefined ? decimal : `${decimal}E${exponent.replace("+", "")}`;
}

function numericText(value: DuckDBValue): string {
  if (value instanceof DuckDBDecimalValue) return formatDecimal(value.value, value.scale);
  return integerText(value);
}

function dateText(value: DuckDBDateValue): string {
  if (value.isFinite && value.days >= MIN_DAYS && value.days <= MAX_DAYS) return formatDate(value.days);
  throw new ApiError("invalidQuery", "DATE value is out of range: it must be between 0001-01-01 and 9999-12-31", "q");
}

function microsOf(value: DuckDBValue, type: string): bigint {
  const isTime = value instanceof DuckDBTimestampTZValue || value instanceof DuckDBTimestampValue;
  if (!isTime) return mismatch(type);
  if (value.isFinite && inTimestampRange(value.micros) !== undefined) return value.micros;
  throw new ApiError("invalidQuery", `${type} value is out of range: the year must be between 1 and 9999`, "q");
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}

function quote(text: string): string {
  return `"${text}"`;
}

function expect(value: DuckDBValue, holds: boolean, type: string): DuckDBValue {
  return holds ? value : mismatch(type);
}

/** The translator promised another type than DuckDB delivered: a defect here, and never a value made up. */
function mismatch(type: string): never {
  throw new Error(`a value of the result is not of its column's type ${type}`);
}
