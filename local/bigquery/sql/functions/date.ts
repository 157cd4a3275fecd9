import { dateLiteral, civilText, timeText } from "../types/literal.ts";
import { badPart } from "./date-part.ts";
import { boundaries, checkUtc, extracted, shifted, truncated, utc } from "./civil.ts";
import { type CallInfo, type Emit, scalars } from "./entry.ts";

const DAY_MICROS = 86_400_000_000n;
const DATE_PARTS = ["DAY", "WEEK", "ISOWEEK", "MONTH", "QUARTER", "YEAR", "ISOYEAR"];

function part(call: CallInfo, name: string, isDate: boolean): string {
  const [found = ""] = call.parts;
  if (isDate && !DATE_PARTS.includes(found.replace(/\(.*\)/, ""))) throw badPart(name, found);
  return found;
}

const move =
  (name: string, type: "DATE" | "TIMESTAMP", sign: "+" | "-"): Emit =>
  ([civil = "", count = ""], call) => {
    const sql = shifted(`CAST(${civil} AS TIMESTAMP)`, count, part(call, name, type === "DATE"), sign, name);
    return `CAST(${sql} AS ${type})`;
  };

const truncate =
  (name: string, type: "DATE" | "TIMESTAMP"): Emit =>
  ([civil = ""], call) =>
    `CAST(${truncated(civil, part(call, name, type === "DATE"), name)} AS ${type})`;

const between =
  (name: string, isDate: boolean): Emit =>
  ([a = "", b = ""], call) =>
    boundaries(a, b, part(call, name, isDate), name);

const extract =
  (isTime: boolean): Emit =>
  ([civil = ""], call) =>
    extracted(civil, call.parts[0] ?? "", isTime);

const TO_CIVIL = "CAST($1 AS TIMESTAMP)";

function today(nowMicros: bigint): string {
  return dateLiteral(Number((nowMicros - (((nowMicros % DAY_MICROS) + DAY_MICROS) % DAY_MICROS)) / DAY_MICROS));
}

const current =
  (emit: (nowMicros: bigint) => string): Emit =>
  (_args, call) => {
    checkUtc(call, 0);
    return emit(call.nowMicros);
  };

/** Date, datetime and time functions. Sources: the pages date_functions, datetime_functions and time_functions. */
export const DATES = [
  ...scalars("date_functions", [
    ["CURRENT_DATE([STRING]) -> DATE", current(today)],
    ["DATE(INT64, INT64, INT64) -> DATE", "make_date($1, $2, $3)"],
    ["DATE(TIMESTAMP[, STRING]) -> DATE", utc(`CAST(${TO_CIVIL} AS DATE)`, 1)],
    ["DATE(DATETIME) -> DATE", "CAST($1 AS DATE)"],
    ["DATE(DATE) -> DATE", "$1"],
    ["DATE_ADD(DATE, INTERVAL) -> DATE", move("DATE_ADD", "DATE", "+")],
    ["DATE_SUB(DATE, INTERVAL) -> DATE", move("DATE_SUB", "DATE", "-")],
    ["DATE_DIFF(DATE, DATE, PART) -> INT64", between("DATE_DIFF", true)],
    ["DATE_TRUNC(DATE, PART) -> DATE", truncate("DATE_TRUNC", "DATE")],
    [
      "EXTRACT(PART, DATE) -> INT64",
      ([date = ""], call) => extracted(date, part(call, "EXTRACT", !/^DAY/.test(call.parts[0] ?? ""))),
    ],
    ["UNIX_DATE(DATE) -> INT64", "($1 - DATE '1970-01-01')"],
    ["DATE_FROM_UNIX_DATE(INT64) -> DATE", "(DATE '1970-01-01' + CAST($1 AS INTEGER))"],
    ["LAST_DAY(DATE) -> DATE", "last_day($1)"],
  ]),
  ...scalars("datetime_functions", [
    ["CURRENT_DATETIME([STRING]) -> DATETIME", current((now) => `CAST('${civilText(now)}' AS TIMESTAMP)`)],
    [
      "DATETIME(INT64, INT64, INT64, INT64, INT64, INT64) -> DATETIME",
      "make_timestamp($1, $2, $3, $4, $5, CAST($6 AS DOUBLE))",
    ],
    ["DATETIME(TIMESTAMP[, STRING]) -> DATETIME", utc(TO_CIVIL, 1)],
    ["DATETIME(DATETIME) -> DATETIME", "$1"],
    ["DATETIME(DATE) -> DATETIME", TO_CIVIL],
    ["DATETIME(DATE, TIME) -> DATETIME", `(${TO_CIVIL} + to_microseconds(epoch_us($2)))`],
    ["DATETIME_ADD(DATETIME, INTERVAL) -> DATETIME", move("DATETIME_ADD", "TIMESTAMP", "+")],
    ["DATETIME_SUB(DATETIME, INTERVAL) -> DATETIME", move("DATETIME_SUB", "TIMESTAMP", "-")],
    ["DATETIME_DIFF(DATETIME, DATETIME, PART) -> INT64", between("DATETIME_DIFF", false)],
    ["DATETIME_TRUNC(DATETIME, PART) -> DATETIME", truncate("DATETIME_TRUNC", "TIMESTAMP")],
    ["EXTRACT(PART, DATETIME) -> INT64", extract(false)],
  ]),
  ...scalars("time_functions", [
    ["CURRENT_TIME([STRING]) -> TIME", current((now) => `CAST('${timeText(now)}' AS TIME)`)],
    ["TIME(INT64, INT64, INT64) -> TIME", "make_time($1, $2, CAST($3 AS DOUBLE))"],
    ["TIME(TIMESTAMP[, STRING]) -> TIME", utc(`CAST(${TO_CIVIL} AS TIME)`, 1)],
    ["TIME(DATETIME) -> TIME", "CAST($1 AS TIME)"],
    ["TIME_DIFF(TIME, TIME, PART) -> INT64", between("TIME_DIFF", false)],
    ["EXTRACT(PART, TIME) -> INT64", extract(true)],
  ]),
];
