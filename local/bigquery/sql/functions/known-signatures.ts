import { type Signature, signature } from "./signature.ts";

/**
 * Signatures that BigQuery has for functions of which others are supported here. A call that fits one is right and not
 * supported; a call that fits none is wrong. Those with NUMERIC are not listed: a call with a NUMERIC that fits nothing is
 * always told to be not supported.
 *
 * Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/functions-all
 */
const KNOWN: readonly string[] = [
  // The string functions, for BYTES.
  ...["LEFT", "RIGHT", "REPEAT"].map((name) => `${name}(BYTES, INT64) -> BYTES`),
  ...["LPAD", "RPAD"].map((name) => `${name}(BYTES, INT64[, BYTES]) -> BYTES`),
  ...["LTRIM", "RTRIM", "TRIM"].map((name) => `${name}(BYTES, BYTES) -> BYTES`),
  ...["LOWER", "UPPER", "REVERSE"].map((name) => `${name}(BYTES) -> BYTES`),
  ...["STARTS_WITH", "ENDS_WITH", "REGEXP_CONTAINS"].map((name) => `${name}(BYTES, BYTES) -> BOOL`),
  ...["REPLACE", "REGEXP_REPLACE"].map((name) => `${name}(BYTES, BYTES, BYTES) -> BYTES`),
  ...["SUBSTR", "SUBSTRING"].map((name) => `${name}(BYTES, INT64[, INT64]) -> BYTES`),
  "STRPOS(BYTES, BYTES) -> INT64",
  "INSTR(BYTES, BYTES[, INT64[, INT64]]) -> INT64",
  "REGEXP_EXTRACT(BYTES, BYTES[, INT64[, INT64]]) -> BYTES",
  "REGEXP_EXTRACT(STRING, STRING, INT64[, INT64]) -> STRING",
  "SPLIT(BYTES, BYTES) -> ARRAY<BYTES>",
  "STRING_AGG(BYTES[, BYTES]) -> BYTES",
  "ARRAY_TO_STRING(ARRAY<BYTES>, BYTES[, BYTES]) -> BYTES",
  // Numbers.
  "TRUNC(FLOAT64, INT64) -> FLOAT64",
  "GENERATE_ARRAY(FLOAT64, FLOAT64[, FLOAT64]) -> ARRAY<FLOAT64>",
  // Dates and times, of other types than the function's name says.
  ...["DATE_ADD", "DATE_SUB"].flatMap((name) => forOther("DATE", (type) => `${name}(${type}, INTERVAL) -> ${type}`)),
  ...["DATETIME_ADD", "DATETIME_SUB"].flatMap((name) =>
    forOther("DATETIME", (type) => `${name}(${type}, INTERVAL) -> ${type}`),
  ),
  ...["TIMESTAMP_ADD", "TIMESTAMP_SUB"].flatMap((name) =>
    forOther("TIMESTAMP", (type) => `${name}(${type}, INTERVAL) -> ${type}`),
  ),
  ...forOther("DATE", (type) => `DATE_DIFF(${type}, ${type}, PART) -> INT64`),
  ...forOther("DATETIME", (type) => `DATETIME_DIFF(${type}, ${type}, PART) -> INT64`),
  ...forOther("TIMESTAMP", (type) => `TIMESTAMP_DIFF(${type}, ${type}, PART) -> INT64`),
  ...forOther("DATE", (type) => `DATE_TRUNC(${type}, PART[, STRING]) -> ${type}`),
  ...forOther("DATETIME", (type) => `DATETIME_TRUNC(${type}, PART[, STRING]) -> ${type}`),
  ...forOther("TIMESTAMP", (type) => `TIMESTAMP_TRUNC(${type}, PART[, STRING]) -> ${type}`),
  ...forOther("DATE", (type) => `FORMAT_DATE(STRING, ${type}) -> STRING`),
  ...forOther("DATETIME", (type) => `FORMAT_DATETIME(STRING, ${type}) -> STRING`),
  ...["DATETIME", "TIMESTAMP"].map((type) => `LAST_DAY(${type}) -> DATE`),
  ...["DATE", "DATETIME"].map((type) => `LAST_DAY(${type}, PART) -> DATE`),
  "DATETIME(DATETIME, STRING) -> DATETIME",
  "TIME(TIME) -> TIME",
  "CURRENT_TIMESTAMP(STRING) -> TIMESTAMP",
  ...["DATE", "TIME", "DATETIME", "JSON"].map((type) => `STRING(${type}) -> STRING`),
  // JSON.
  ...["JSON_QUERY", "JSON_EXTRACT"].map((name) => `${name}(STRING[, STRING]) -> STRING`),
  "TO_JSON_STRING(T, BOOL) -> STRING",
];

/** A signature per type of date and time, but for the function's own. */
function forOther(own: string, text: (type: string) => string): string[] {
  return ["DATE", "DATETIME", "TIMESTAMP"].filter((type) => type !== own).map(text);
}

const BY_NAME = Map.groupBy(KNOWN, (text) => text.slice(0, text.indexOf("(")));

/** The signatures of a function that BigQuery has and the embedded one lacks, each with its text. */
export function knownSignatures(name: string): readonly { readonly text: string; readonly signature: Signature }[] {
  return (BY_NAME.get(name) ?? []).map((text) => ({ text, signature: signature(text) }));
}
