import {
  DuckDBBlobValue,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  DuckDBTimeValue,
  type DuckDBValue,
} from "@duckdb/node-api";
import { parseDate, parseDateTime, parseTime } from "../schema/civil-text.ts";
import { inTimestampRange, MAX_DAYS, MIN_DAYS, unpackDateTime, unpackTime } from "../schema/civil-time.ts";
import type { FieldType } from "../schema/field.ts";
import { inNumericRange, NUMERIC_PRECISION, NUMERIC_SCALE, parseNumeric } from "../schema/decimal-text.ts";
import { type Raw, type RawKind, RowValueError } from "./wire-value.ts";

/** Turns a raw protobuf value into a column's value, or throws {@link RowValueError}. */
export type Convert = (raw: Raw) => DuckDBValue;

const INT_KINDS = ["int32", "int64", "uint32", "uint64"] as const;
const NUMERIC_UNIT = 10n ** BigInt(NUMERIC_SCALE);

/**
 * Which protobuf types a column of each type takes, and how.
 *
 * Source: https://cloud.google.com/bigquery/docs/supported-data-types#supported_protocol_buffer_data_types
 */
const CONVERSIONS: Readonly<Record<Exclude<FieldType, "RECORD">, Partial<Record<RawKind, Convert>>>> = {
  STRING: { string: (raw) => raw as string },
  BYTES: {
    bytes: (raw) => new DuckDBBlobValue(raw as Buffer),
    string: (raw) => new DuckDBBlobValue(Buffer.from(raw as string)),
  },
  INTEGER: { int32: same, int64: same, uint32: same, enum: (raw) => BigInt(raw as number) },
  FLOAT: { double: same },
  NUMERIC: {
    ...forKinds(INT_KINDS, (raw) => numeric((raw as bigint) * NUMERIC_UNIT)),
    double: (raw) => numeric(parseNumeric((raw as number).toFixed(NUMERIC_SCALE))),
    string: (raw) => numeric(parseNumeric(raw as string)),
    bytes: (raw) => numeric(littleEndian(raw as Buffer)),
  },
  BOOLEAN: { bool: same, ...forKinds(INT_KINDS, (raw) => raw !== 0n) },
  TIMESTAMP: forKinds(
    ["int64", "int32", "uint32"],
    (raw) => new DuckDBTimestampTZValue(inRange(inTimestampRange(raw as bigint))),
  ),
  DATE: {
    ...forKinds(["int32", "int64"], (raw) => date(Number(raw))),
    string: (raw) => date(parseDate(raw as string, "literal")),
  },
  TIME: {
    int64: (raw) => new DuckDBTimeValue(inRange(unpackTime(raw as bigint))),
    string: (raw) => new DuckDBTimeValue(inRange(parseTime(raw as string, "literal"))),
  },
  DATETIME: {
    int64: (raw) => new DuckDBTimestampValue(inRange(unpackDateTime(raw as bigint))),
    string: (raw) => new DuckDBTimestampValue(inRange(parseDateTime(raw as string, "literal"))),
  },
  JSON: { string: (raw) => json(raw as string) },
};

/** The conversion from a protobuf kind to a column type; undefined if BigQuery does not make it. */
export function conversion(type: Exclude<FieldType, "RECORD">, kind: RawKind): Convert | undefined {
  return CONVERSIONS[type][kind];
}

/** A `google.protobuf.Timestamp` as a TIMESTAMP; nanoseconds are cut to microseconds. */
export function fromProtoTimestamp(seconds: bigint, nanos: number): DuckDBValue {
  const micros = seconds * 1_000_000n + BigInt(Math.floor(nanos / 1000));
  return new DuckDBTimestampTZValue(inRange(inTimestampRange(micros)));
}

function same(raw: Raw): DuckDBValue {
  return raw as DuckDBValue;
}

function forKinds<Kind extends RawKind>(kinds: readonly Kind[], convert: Convert): Record<Kind, Convert> {
  return Object.fromEntries(kinds.map((kind) => [kind, convert])) as Record<Kind, Convert>;
}

function inRange<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new RowValueError("the value is not valid or out of range");
  return value;
}

function date(days: number | undefined): DuckDBValue {
  return new DuckDBDateValue(inRange(days !== undefined && days >= MIN_DAYS && days <= MAX_DAYS ? days : undefined));
}

function numeric(scaled: bigint | undefined): DuckDBValue {
  const value = inRange(scaled === undefined ? undefined : inNumericRange(scaled));
  return new DuckDBDecimalValue(value, NUMERIC_PRECISION, NUMERIC_SCALE);
}

/** The two's complement, little-endian form of `BigDecimalByteStringEncoder`, which carries the scaled value. */
function littleEndian(bytes: Buffer): bigint | undefined {
  if (bytes.length === 0 || bytes.length > 16) return undefined;
  const unsigned = BigInt(`0x${Buffer.from(bytes).reverse().toString("hex")}`);
  return BigInt.asIntN(bytes.length * 8, unsigned);
}

function json(text: string): string {
  try {
    JSON.parse(text);
  } catch {
    throw new RowValueError("the text is not valid JSON");
  }
  return text;
}
