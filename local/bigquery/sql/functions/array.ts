import { unsupported } from "../syntax/node.ts";
import { errorSql } from "../types/value.ts";
import { arrayOf, INT64 } from "../types/sql-type.ts";
import { badPart, partMicros } from "./date-part.ts";
import { type CallInfo, type Emit, scalars } from "./entry.ts";

const MONTHS: Readonly<Record<string, string>> = { MONTH: "1 MONTH", QUARTER: "3 MONTH", YEAR: "12 MONTH" };

/** NULL if one of the arrays is NULL. */
function concat(args: readonly string[]): string {
  const known = args.map((arg) => `${arg} IS NOT NULL`).join(" AND ");
  return `CASE WHEN ${known} THEN ${args.reduce((left, right) => `list_concat(${left}, ${right})`)} END`;
}

/** A step of 0 is an error, a step away from the end gives an empty array, a NULL gives NULL. */
function generate([from = "", to = "", step = "1"]: readonly string[]): string {
  const known = `${from} IS NOT NULL AND ${to} IS NOT NULL AND ${step} IS NOT NULL`;
  const zero = errorSql("'Sequence step cannot be 0.'", arrayOf(INT64));
  return `CASE WHEN ${known} THEN CASE WHEN ${step} = 0 THEN ${zero} ELSE generate_series(${from}, ${to}, ${step}) END END`;
}

/** Steps of days or months from the first date; months count from the first date, so the end of a month does not drift. */
function dates([from = "", to = ""]: readonly string[], call: CallInfo): string {
  const [unit = "DAY"] = call.parts;
  const count = stepCount(call, 2);
  if (unit !== "DAY" && unit !== "WEEK")
    throw MONTHS[unit] === undefined
      ? badPart("GENERATE_DATE_ARRAY", unit)
      : unsupported("argument", `GENERATE_DATE_ARRAY with ${unit}`);
  const days = count * (unit === "WEEK" ? 7 : 1);
  const series = `generate_series(0, ${to} - ${from}, ${days})`;
  return `CASE WHEN ${from} IS NOT NULL AND ${to} IS NOT NULL THEN list_transform(${series}, lambda d: CAST(${from} + CAST(d AS INTEGER) AS DATE)) END`;
}

function timestamps([from = "", to = ""]: readonly string[], call: CallInfo): string {
  const unit = partMicros(call.parts[0] ?? "");
  if (unit === undefined) throw badPart("GENERATE_TIMESTAMP_ARRAY", call.parts[0] ?? "");
  const series = `generate_series(epoch_us(${from}), epoch_us(${to}), ${stepCount(call, 2) * unit})`;
  return `CASE WHEN ${from} IS NOT NULL AND ${to} IS NOT NULL THEN list_transform(${series}, lambda t: make_timestamptz(t)) END`;
}

function stepCount(call: CallInfo, index: number): number {
  const step = call.values[index];
  if (step === undefined) return 1;
  const count = Number(step.text);
  if (step.literal !== "number" || !Number.isSafeInteger(count) || count === 0)
    throw unsupported("argument", "step that is no literal");
  return count;
}

/** NULL elements are left out, or replaced. */
const join: Emit = ([array = "", delimiter = "", missing]) => {
  const texts =
    missing === undefined
      ? `list_filter(${array}, lambda e: e IS NOT NULL)`
      : `list_transform(${array}, lambda e: coalesce(e, ${missing}))`;
  return `CASE WHEN ${array} IS NOT NULL AND ${delimiter} IS NOT NULL THEN coalesce(array_to_string(${texts}, ${delimiter}), '') END`;
};

/** Array functions. Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/array_functions */
export const ARRAYS = scalars("array_functions", [
  ["ARRAY_LENGTH(ARRAY<T>) -> INT64", "CAST(len($1) AS BIGINT)"],
  ["ARRAY_CONCAT(ARRAY<T>, ARRAY<T>...) -> ARRAY<T>", concat],
  ["ARRAY_REVERSE(ARRAY<T>) -> ARRAY<T>", "list_reverse($1)"],
  ["ARRAY_TO_STRING(ARRAY<STRING>, STRING[, STRING]) -> STRING", join],
  ["GENERATE_ARRAY(INT64, INT64[, INT64]) -> ARRAY<INT64>", generate],
  ["GENERATE_DATE_ARRAY(DATE, DATE[, INTERVAL]) -> ARRAY<DATE>", dates],
  ["GENERATE_TIMESTAMP_ARRAY(TIMESTAMP, TIMESTAMP, INTERVAL) -> ARRAY<TIMESTAMP>", timestamps],
]);
