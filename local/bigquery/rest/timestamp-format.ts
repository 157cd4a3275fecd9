import type { Field } from "../schema/field.ts";
import { invalid } from "./api-error.ts";
import { formatDatetime, formatSeconds } from "./civil-format.ts";

/**
 * How a client wants TIMESTAMPs: microseconds, seconds with a fraction (the default), or ISO 8601.
 * Source: https://cloud.google.com/bigquery/docs/reference/rest/v2/DataFormatOptions
 */
export type TimestampFormat = "INT64" | "FLOAT64" | "ISO8601_STRING";

/**
 * Reads `formatOptions`, from a body's object or a query string's values; both spell the names alike. The newer option
 * wins: the Node client sends `useInt64Timestamp` also when its caller asked for another format.
 */
export function timestampFormat(useInt64: unknown, outputFormat: unknown): TimestampFormat {
  const int64 = useInt64 === true || (typeof useInt64 === "string" && useInt64.toLowerCase() === "true");
  const given = outputFormat === undefined || outputFormat === null || outputFormat === "" ? undefined : outputFormat;
  if (given === undefined || given === "TIMESTAMP_OUTPUT_FORMAT_UNSPECIFIED") return int64 ? "INT64" : "FLOAT64";
  if (given !== "INT64" && given !== "FLOAT64" && given !== "ISO8601_STRING") {
    throw invalid("Invalid value for formatOptions.timestampOutputFormat", "formatOptions.timestampOutputFormat");
  }
  return given;
}

/** Rows of encoded JSON text, with their TIMESTAMPs respelled. As stored they are microseconds. */
export function respell(rows: string[], fields: readonly Field[], format: TimestampFormat): string[] {
  if (format === "INT64" || !fields.some(holdsTimestamp)) return rows;
  return rows.map((row) => JSON.stringify(respellRecord(JSON.parse(row) as EncodedRecord, fields, format)));
}

interface EncodedRecord {
  f: { v: unknown }[];
}

function respellRecord(record: EncodedRecord, fields: readonly Field[], format: TimestampFormat): EncodedRecord {
  fields.forEach((field, i) => {
    const cell = record.f[i];
    if (cell && cell.v !== null && holdsTimestamp(field)) cell.v = respellValue(cell.v, field, format);
  });
  return record;
}

function respellValue(value: unknown, field: Field, format: TimestampFormat): unknown {
  if (field.mode === "REPEATED") {
    const element = { ...field, mode: "NULLABLE" as const };
    return (value as { v: unknown }[]).map(({ v }) => ({ v: respellValue(v, element, format) }));
  }
  if (field.type === "RECORD") return respellRecord(value as EncodedRecord, field.fields ?? [], format);
  const micros = BigInt(value as string);
  return format === "FLOAT64" ? formatSeconds(micros) : `${formatDatetime(micros)}Z`;
}

function holdsTimestamp(field: Field): boolean {
  return field.type === "TIMESTAMP" || (field.fields ?? []).some(holdsTimestamp);
}
