import { SqlError } from "../statement.ts";
import { unsupported } from "../syntax/node.ts";
import { parseDateTime } from "../../schema/civil-text.ts";
import { timestampSql } from "../types/literal.ts";
import { type CallInfo, type Emit, fill } from "./entry.ts";
import { badPart, partMicros, weekStart } from "./date-part.ts";

const MIN_MICROS = "-62135596800000000";
const MAX_MICROS = "253402300799999999";
const TRUNCATED = ["MILLISECOND", "SECOND", "MINUTE", "HOUR", "DAY", "MONTH", "QUARTER", "YEAR"];
const MONTHS: Readonly<Record<string, number>> = { MONTH: 1, QUARTER: 3, YEAR: 12 };

/** The start of the part in which a DATE or DATETIME of DuckDB lies, as a DATETIME. */
export function truncated(civil: string, part: string, name: string): string {
  if (part === "MICROSECOND") return civil;
  if (TRUNCATED.includes(part)) return `date_trunc('${part.toLowerCase()}', ${civil})`;
  if (part === "ISOYEAR") return `date_trunc('week', make_date(isoyear(${civil}), 1, 4))`;
  const start = weekStart(part);
  if (start === undefined) throw badPart(name, part);
  return `(date_trunc('day', ${civil}) - to_days(CAST((dayofweek(${civil}) + ${7 - start}) % 7 AS INTEGER)))`;
}

/** `civil` plus or minus `count` units, as a DATETIME of DuckDB. Months clamp to the last day. */
export function shifted(civil: string, count: string, unit: string, sign: "+" | "-", name: string): string {
  const months = MONTHS[unit];
  if (months !== undefined)
    return checkedRange(
      `epoch_us(${civil} ${sign} to_months(CAST(${count} * ${months} AS INTEGER)))`,
      "make_timestamp",
    );
  return shiftedMicros(civil, count, unit, sign, name, "make_timestamp");
}

export function shiftedMicros(
  time: string,
  count: string,
  unit: string,
  sign: "+" | "-",
  name: string,
  make: string,
): string {
  const micros = unit === "WEEK" && make === "make_timestamp" ? 7 * 8.64e10 : partMicros(unit);
  if (micros === undefined) throw badPart(name, unit);
  return checkedRange(`(epoch_us(${time}) ${sign} ${count} * ${micros})`, make);
}

/** A time from microseconds since the epoch; an error outside the years 1 to 9999. */
export function checkedRange(micros: string, make: string): string {
  return `${make}(CASE WHEN ${micros} BETWEEN ${MIN_MICROS} AND ${MAX_MICROS} THEN ${micros} ELSE CASE WHEN ${micros} IS NOT NULL THEN CAST(error('Date or time overflow') AS BIGINT) END END)`;
}

/** Microseconds of a TIMESTAMP constant's SQL, or undefined. */
export function constantMicros(sql: string): bigint | undefined {
  const text = /^CAST\('([^']+)\+00' AS TIMESTAMPTZ\)$/.exec(sql)?.[1];
  return text === undefined ? undefined : parseDateTime(text, "literal");
}

/** A constant plus a literal number of units is a constant again, so that DuckDB can prune by it. */
export function foldedShift(call: CallInfo, sign: "+" | "-"): string | undefined {
  const start = constantMicros(call.values[0]?.sql ?? "");
  const unit = partMicros(call.parts[0] ?? "");
  const { literal, text } = call.values.at(-1) ?? {};
  if (
    start === undefined ||
    unit === undefined ||
    literal !== "number" ||
    text === undefined ||
    !/^-?\d{1,9}$/.test(text)
  )
    return undefined;
  const shift = BigInt(text) * BigInt(unit);
  const micros = sign === "+" ? start + shift : start - shift;
  return micros >= BigInt(MIN_MICROS) && micros <= BigInt(MAX_MICROS) ? timestampSql(micros) : undefined;
}

/** Division that rounds down. */
export function floorDivide(a: string, b: string | number): string {
  return `((${a} - ((${a} % ${b}) + ${b}) % ${b}) // ${b})`;
}

/** The argument at `index` must be a time zone that is UTC. */
export function checkUtc(call: CallInfo, index: number): void {
  const zone = call.values[index];
  if (zone === undefined) return;
  if (zone.literal !== "string" || !/^(utc|etc\/utc|\+00(:00)?)$/i.test(zone.text ?? ""))
    throw unsupported("time zone", zone.text ?? "expression");
}

/** A template whose argument at `zone` must be UTC. */
export const utc =
  (template: string, zone: number): Emit =>
  (args, call) => {
    checkUtc(call, zone);
    return fill(template, args);
  };

/** A field of a DATE, DATETIME or TIME. Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/datetime_functions#extract */
export function extracted(civil: string, part: string, isTime = false): string {
  const [plain, special] = [PLAIN_FIELDS[part], SPECIAL_FIELDS[part]];
  const start = weekStart(part);
  if (isTime && !["MICROSECOND", "MILLISECOND", "SECOND", "MINUTE", "HOUR"].includes(part))
    throw badPart("EXTRACT", part);
  if (plain !== undefined) return `${plain}(${civil})`;
  if (special !== undefined) return fill(special, [civil]);
  if (start === undefined) throw new SqlError("invalidQuery", `A valid date part name is required but found ${part}`);
  return `((dayofyear(${civil}) + 6 - (dayofweek(${civil}) + ${7 - start}) % 7) // 7)`;
}

const PLAIN_FIELDS: Readonly<Record<string, string>> = {
  SECOND: "second",
  MINUTE: "minute",
  HOUR: "hour",
  DAY: "day",
  DAYOFYEAR: "dayofyear",
  ISOWEEK: "week",
  MONTH: "month",
  QUARTER: "quarter",
  YEAR: "year",
  ISOYEAR: "isoyear",
};
const SPECIAL_FIELDS: Readonly<Record<string, string>> = {
  MICROSECOND: "(microsecond($1) % 1000000)",
  MILLISECOND: "((microsecond($1) % 1000000) // 1000)",
  DAYOFWEEK: "(dayofweek($1) + 1)",
};

/** Boundaries of a part between two DATE or DATETIME values. */
export function boundaries(a: string, b: string, part: string, name: string): string {
  const unit = partMicros(part);
  if (unit !== undefined) return `(${floorDivide(`epoch_us(${a})`, unit)} - ${floorDivide(`epoch_us(${b})`, unit)})`;
  const index = (civil: string): string | undefined =>
    ({
      MONTH: `(year(${civil}) * 12 + month(${civil}))`,
      QUARTER: `(year(${civil}) * 4 + quarter(${civil}))`,
      YEAR: `year(${civil})`,
      ISOYEAR: `isoyear(${civil})`,
    })[part];
  const [from, to] = [index(a), index(b)];
  if (from !== undefined && to !== undefined) return `(${from} - ${to})`;
  const week = (civil: string): string => `epoch_us(${truncated(civil, part, name)})`;
  return `((${week(a)} - ${week(b)}) // 604800000000)`;
}
