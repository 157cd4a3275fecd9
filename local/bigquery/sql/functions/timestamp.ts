import { fromText } from "../expressions/parse-text.ts";
import { timestampText } from "../expressions/text.ts";
import { SqlError } from "../statement.ts";
import { timestampSql } from "../types/literal.ts";
import { errorSql } from "../types/value.ts";
import { TIMESTAMP } from "../types/sql-type.ts";
import { badPart, partMicros } from "./date-part.ts";
import { checkedRange, checkUtc, extracted, floorDivide, foldedShift, shiftedMicros, truncated, utc } from "./civil.ts";
import { type CallInfo, type Emit, scalars } from "./entry.ts";

/** Buckets count from here. */
const BUCKET_ORIGIN = "-631152000000000";

const add =
  (name: string, sign: "+" | "-"): Emit =>
  ([ts = "", count = ""], call) => {
    const unit = call.parts[0] ?? "";
    if (partMicros(unit) === undefined) throw badPart(name, unit);
    return foldedShift(call, sign) ?? shiftedMicros(ts, count, unit, sign, name, "make_timestamptz");
  };

/** Whole intervals, truncated toward zero. */
function diff([a = "", b = ""]: readonly string[], call: CallInfo): string {
  const unit = partMicros(call.parts[0] ?? "");
  if (unit === undefined) throw badPart("TIMESTAMP_DIFF", call.parts[0] ?? "");
  return `((epoch_us(${a}) - epoch_us(${b})) // ${unit})`;
}

function bucket(args: readonly string[], call: CallInfo): string {
  const count = call.values.at(-1);
  const unit = partMicros(call.parts[0] ?? "");
  if (unit === undefined) throw badPart("TIMESTAMP_BUCKET", call.parts[0] ?? "");
  if (count?.literal !== "number" || Number(count.text) <= 0)
    throw new SqlError(
      "notImplemented",
      "bucket width that is no positive literal is not supported by the embedded BigQuery: TIMESTAMP_BUCKET",
    );
  const width = (BigInt(count.text ?? "0") * BigInt(unit)).toString();
  const origin = args.length === 3 ? `epoch_us(${args[1] ?? ""})` : BUCKET_ORIGIN;
  return `make_timestamptz(${origin} + ${floorDivide(`(epoch_us(${args[0] ?? ""}) - ${origin})`, width)} * ${width})`;
}

const trunc: Emit = ([ts = ""], call) => {
  checkUtc(call, 1);
  return `CAST(${truncated(`CAST(${ts} AS TIMESTAMP)`, call.parts[0] ?? "", "TIMESTAMP_TRUNC")} AS TIMESTAMPTZ)`;
};

const parse: Emit = ([text = ""], call) => {
  checkUtc(call, 1);
  return fromText(text, "TIMESTAMP", (message) => errorSql(message, TIMESTAMP));
};

const CIVIL = "CAST($1 AS TIMESTAMP)";

/** Timestamp functions. Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/timestamp_functions */
export const TIMESTAMPS = scalars("timestamp_functions", [
  ["CURRENT_TIMESTAMP() -> TIMESTAMP", (_args, { nowMicros }) => timestampSql(nowMicros)],
  ["TIMESTAMP(STRING[, STRING]) -> TIMESTAMP", parse],
  ["TIMESTAMP(DATE[, STRING]) -> TIMESTAMP", utc(`CAST(${CIVIL} AS TIMESTAMPTZ)`, 1)],
  ["TIMESTAMP(DATETIME[, STRING]) -> TIMESTAMP", utc("CAST($1 AS TIMESTAMPTZ)", 1)],
  ["TIMESTAMP(TIMESTAMP) -> TIMESTAMP", "$1"],
  ["TIMESTAMP_ADD(TIMESTAMP, INTERVAL) -> TIMESTAMP", add("TIMESTAMP_ADD", "+")],
  ["TIMESTAMP_SUB(TIMESTAMP, INTERVAL) -> TIMESTAMP", add("TIMESTAMP_SUB", "-")],
  ["TIMESTAMP_DIFF(TIMESTAMP, TIMESTAMP, PART) -> INT64", diff],
  ["TIMESTAMP_TRUNC(TIMESTAMP, PART[, STRING]) -> TIMESTAMP", trunc],
  ["TIMESTAMP_BUCKET(TIMESTAMP, INTERVAL[, TIMESTAMP]) -> TIMESTAMP", bucket],
  [
    "EXTRACT(PART, TIMESTAMP) -> INT64",
    ([ts = ""], call) => extracted(`CAST(${ts} AS TIMESTAMP)`, call.parts[0] ?? ""),
  ],
  [
    "STRING(TIMESTAMP[, STRING]) -> STRING",
    ([ts = ""], call) => {
      checkUtc(call, 1);
      return timestampText(ts);
    },
  ],
  ["UNIX_MICROS(TIMESTAMP) -> INT64", "epoch_us($1)"],
  ["UNIX_MILLIS(TIMESTAMP) -> INT64", ([ts = ""]) => floorDivide(`epoch_us(${ts})`, 1000)],
  ["UNIX_SECONDS(TIMESTAMP) -> INT64", ([ts = ""]) => floorDivide(`epoch_us(${ts})`, 1_000_000)],
  ["TIMESTAMP_MICROS(INT64) -> TIMESTAMP", ([n = ""]) => checkedRange(n, "make_timestamptz")],
  ["TIMESTAMP_MILLIS(INT64) -> TIMESTAMP", ([n = ""]) => checkedRange(`(${n} * 1000)`, "make_timestamptz")],
  ["TIMESTAMP_SECONDS(INT64) -> TIMESTAMP", ([n = ""]) => checkedRange(`(${n} * 1000000)`, "make_timestamptz")],
]);
