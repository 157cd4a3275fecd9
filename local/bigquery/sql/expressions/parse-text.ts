import type { Scalar } from "../types/sql-type.ts";
import { quoteText } from "../../schema/duck-text.ts";

const DATE = "\\d{4}-\\d{1,2}-\\d{1,2}";
const TIME = "([01]?\\d|2[0-3]):\\d{1,2}:\\d{1,2}(\\.\\d{1,6})?";
const NUMBER = "[+-]?(\\d+(\\.\\d*)?|\\.\\d+)([eE][+-]?\\d+)?";

/** The spellings that BigQuery documents, and the DuckDB type that reads them. */
const SPELLINGS: Readonly<Partial<Record<Scalar, { readonly pattern: string; readonly duck: string }>>> = {
  INT64: { pattern: "[+-]?\\d+", duck: "BIGINT" },
  FLOAT64: { pattern: `${NUMBER}|[+-]?((?i)nan|inf|infinity)`, duck: "DOUBLE" },
  BOOL: { pattern: "(?i)true|false", duck: "BOOLEAN" },
  DATE: { pattern: DATE, duck: "DATE" },
  DATETIME: { pattern: `${DATE}([ Tt]${TIME})?`, duck: "TIMESTAMP" },
  TIME: { pattern: TIME, duck: "TIME" },
  TIMESTAMP: { pattern: `${DATE}([ Tt]${TIME})?(Z|z|[+-](0\\d|1[0-4])(:[0-5]\\d)?| UTC)?`, duck: "TIMESTAMPTZ" },
};

/**
 * CAST of a STRING. DuckDB reads much more than BigQuery does, so the text must have the documented spelling first.
 * Texts that BigQuery may read and that are not documented end in an error, also for SAFE_CAST: never in a guess.
 *
 * Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/conversion_functions#cast
 */
export function fromText(sql: string, type: Scalar, fail: (message: string) => string): string {
  const message = `'Could not cast string to ${type}: ' || ${sql}`;
  if (type === "BYTES") return `encode(${sql})`;
  const spelling = SPELLINGS[type];
  if (spelling === undefined) return unsure(sql, type);
  const read = `TRY_CAST(${sql} AS ${spelling.duck})`;
  const checked = `CASE WHEN ${read} IS NULL${outside(read, type)} THEN ${fail(message)} ELSE ${read} END`;
  return `CASE WHEN ${sql} IS NULL THEN NULL WHEN regexp_full_match(${sql}, ${quoteText(spelling.pattern)}) THEN ${checked} WHEN ${maybe(sql, type)} THEN ${unsure(sql, type)} ELSE ${fail(message)} END`;
}

/** DuckDB has more years than 1 to 9999. */
function outside(read: string, type: Scalar): string {
  if (type !== "DATE" && type !== "DATETIME" && type !== "TIMESTAMP") return "";
  return ` OR year(${type === "TIMESTAMP" ? `CAST(${read} AS TIMESTAMP)` : read}) NOT BETWEEN 1 AND 9999`;
}

/** Surrounding white space, hexadecimal integers, named zones: BigQuery may accept these. */
function maybe(sql: string, type: Scalar): string {
  const pattern =
    { INT64: "\\s*[+-]?(0[xX][0-9a-fA-F]+|\\d+)\\s*", TIMESTAMP: "\\s*\\d{4}-.*" }[type as string] ?? "\\s.*|.*\\s";
  return `regexp_full_match(${sql}, ${quoteText(pattern)})`;
}

function unsure(sql: string, type: Scalar): string {
  return `error('this text is not supported by the embedded BigQuery as ${type}: ' || ${sql})`;
}
