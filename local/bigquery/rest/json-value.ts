import {
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
import { parseDate, parseDateTime, parseTime, parseTimestamp } from "../schema/civil-text.ts";
import { inTimestampRange } from "../schema/civil-time.ts";
import { NUMERIC_PRECISION, NUMERIC_SCALE, parseDecimal } from "../schema/decimal-text.ts";
import type { Field, FieldType } from "../schema/field.ts";
import { numberText } from "./exact-json.ts";
import { jsonText } from "./json-column.ts";
import { ValueError } from "./value-error.ts";

/** How rows are read: `ignoreUnknown` drops members that the schema does not have instead of refusing the row. */
export interface ReadOptions {
  readonly ignoreUnknown: boolean;
}

type Scalar = Exclude<FieldType, "RECORD">;

/** What a scalar is read from: `text` is the spelling of a string or a number. */
interface Source {
  readonly value: unknown;
  readonly text: string;
  readonly isString: boolean;
  readonly location: string;
}

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;
const INTEGER = /^[+-]?\d{1,19}$|^[+-]?0+\d{1,19}$/;
const FLOAT = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,5})?$/;
const SPECIAL_FLOATS: Readonly<Record<string, number>> = {
  nan: NaN,
  inf: Infinity,
  "+inf": Infinity,
  "-inf": -Infinity,
  infinity: Infinity,
  "+infinity": Infinity,
  "-infinity": -Infinity,
};
const BOOLEANS: Readonly<Record<string, boolean>> = {
  ...{ true: true, t: true, yes: true, y: true, "1": true },
  ...{ false: false, f: false, no: false, n: false, "0": false },
};
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/;
const SECONDS = /^[+-]?\d*\.?\d*(?:[eE][+-]?\d{1,3})?$/;

const SCALARS: Readonly<Record<Scalar, (source: Source) => DuckDBValue>> = {
  STRING: (source) => source.text,
  BYTES: readBytes,
  INTEGER: readInteger,
  FLOAT: readFloat,
  NUMERIC: readNumeric,
  BOOLEAN: readBoolean,
  TIMESTAMP: (source) => new DuckDBTimestampTZValue(readTimestamp(source)),
  DATE: (source) => new DuckDBDateValue(found(source, parseDate(textOf(source), "row"), "date")),
  TIME: (source) => new DuckDBTimeValue(found(source, parseTime(textOf(source), "row"), "time")),
  DATETIME: (source) => new DuckDBTimestampValue(found(source, parseDateTime(textOf(source), "row"), "datetime")),
  JSON: (source) => jsonText(source.value, source.location),
};

/**
 * One member of a row sent to tabledata.insertAll, as the value that DuckDB stores. Throws {@link ValueError}.
 *
 * The value comes from `parseJson`, so that numbers have all their digits. An absent value and null are the same.
 * Source: https://cloud.google.com/bigquery/docs/loading-data-cloud-storage-json#details_of_loading_json_data and
 * https://cloud.google.com/bigquery/docs/reference/rest/v2/tabledata/insertAll
 */
export function readValue(field: Field, value: unknown, location: string, options: ReadOptions): DuckDBValue {
  if (field.mode === "REPEATED") return readRepeated(field, value, location, options);
  if (value === null || value === undefined) {
    if (field.mode === "REQUIRED") throw new ValueError(location, `Missing required field: ${location}.`);
    return null;
  }
  return readElement(field, value, location, options);
}

/** The members of a JSON object in the order of `fields`; names are compared without regard to case. */
export function readMembers(
  fields: readonly Field[],
  row: Readonly<Record<string, unknown>>,
  prefix: string,
  options: ReadOptions,
): DuckDBValue[] {
  const byName = new Map<string, unknown>();
  for (const [name, value] of Object.entries(row)) {
    if (byName.has(name.toLowerCase())) throw new ValueError(prefix + name, `Duplicate field: ${prefix}${name}.`);
    byName.set(name.toLowerCase(), value);
  }
  const values = fields.map((field) => {
    const name = field.name.toLowerCase();
    const value = readValue(field, byName.get(name), prefix + field.name, options);
    byName.delete(name);
    return value;
  });
  const unknown = byName.keys().next().value;
  if (unknown === undefined || options.ignoreUnknown) return values;
  const spelled = Object.keys(row).find((name) => name.toLowerCase() === unknown) ?? unknown;
  throw new ValueError(prefix + spelled, `no such field: ${prefix}${spelled}.`);
}

function readRepeated(field: Field, value: unknown, location: string, options: ReadOptions): DuckDBValue {
  if (value === null || value === undefined) return new DuckDBListValue([]);
  if (!Array.isArray(value)) throw new ValueError(location, `Repeated field must be a JSON array: ${location}.`);
  return new DuckDBListValue(
    value.map((element: unknown) => {
      if (element !== null && element !== undefined) return readElement(field, element, location, options);
      throw new ValueError(location, `Only optional fields can be set to NULL. Field: ${location}; Value: NULL`);
    }),
  );
}

function readElement(field: Field, value: unknown, location: string, options: ReadOptions): DuckDBValue {
  if (field.type === "RECORD") return readRecord(field.fields ?? [], value, location, options);
  if (field.type === "JSON") return jsonText(value, location);
  if (Array.isArray(value)) throw new ValueError(location, `Array specified for non-repeated field: ${location}.`);
  const isString = typeof value === "string";
  const text = isString ? value : typeof value === "boolean" ? String(value) : numberText(value);
  if (text === undefined) throw new ValueError(location, `This field: ${location} is not a record.`);
  return SCALARS[field.type]({ value, text, isString, location });
}

function readRecord(fields: readonly Field[], value: unknown, location: string, options: ReadOptions): DuckDBValue {
  if (Array.isArray(value)) throw new ValueError(location, `Array specified for non-repeated field: ${location}.`);
  if (typeof value !== "object" || value === null || numberText(value) !== undefined) {
    throw new ValueError(location, `Field ${location} is a record: a JSON object is expected.`);
  }
  const members = readMembers(fields, value as Record<string, unknown>, `${location}.`, options);
  return new DuckDBStructValue(Object.fromEntries(fields.map((field, i) => [field.name, members[i] ?? null])));
}

function readBytes(source: Source): DuckDBValue {
  const text = textOf(source);
  if (!BASE64.test(text)) throw bad(source, "Could not decode base64 string to bytes.");
  return new DuckDBBlobValue(Buffer.from(text, "base64"));
}

function readInteger(source: Source): DuckDBValue {
  const decimal = source.isString ? undefined : parseDecimal(source.text, 0);
  const value = INTEGER.test(source.text) ? BigInt(source.text.replace(/^\+/, "")) : decimal;
  if (value === undefined || typeof source.value === "boolean") throw badValue(source, "integer");
  if (value < INT64_MIN || value > INT64_MAX) throw badValue(source, "integer");
  return value;
}

function readFloat(source: Source): DuckDBValue {
  const special = source.isString ? SPECIAL_FLOATS[source.text.toLowerCase()] : undefined;
  if (special !== undefined) return special;
  const value = FLOAT.test(source.text) ? Number(source.text) : NaN;
  if (!Number.isFinite(value)) throw badValue(source, "double");
  return value;
}

function readNumeric(source: Source): DuckDBValue {
  const value = parseDecimal(source.text, NUMERIC_SCALE);
  if (value === undefined) throw bad(source, `Invalid NUMERIC value: ${source.text}`);
  return new DuckDBDecimalValue(value, NUMERIC_PRECISION, NUMERIC_SCALE);
}

function readBoolean(source: Source): DuckDBValue {
  const value = BOOLEANS[source.text.toLowerCase()];
  if (value === undefined) throw badValue(source, "boolean");
  return value;
}

/** A number, or a string of nothing but a number, is seconds since the epoch; digits beyond microseconds are rounded. */
function readTimestamp(source: Source): bigint {
  const { text } = source;
  const isSeconds = SECONDS.test(text) && typeof source.value !== "boolean";
  const micros = isSeconds ? parseDecimal(text, 6, "round") : parseTimestamp(text, "row");
  if (micros !== undefined && inTimestampRange(micros) !== undefined) return micros;
  throw bad(source, `Could not parse '${text}' as a timestamp. Required format is YYYY-MM-DD HH:MM[:SS[.SSSSSS]]`);
}

function textOf(source: Source): string {
  if (!source.isString) throw bad(source, `Cannot convert value: field ${source.location} takes a string.`);
  return source.text;
}

function found<T>(source: Source, value: T | undefined, what: string): T {
  if (value === undefined) throw bad(source, `Invalid ${what} string "${source.text}" Field: ${source.location}`);
  return value;
}

function badValue(source: Source, what: string): ValueError {
  return bad(source, `Cannot convert value to ${what} (bad value): ${source.text}`);
}

function bad(source: Source, message: string): ValueError {
  return new ValueError(source.location, message);
}
