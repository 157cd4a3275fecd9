import { daysOf, MAX_MICROS, microsOfDay, MICROS_PER_DAY, MIN_MICROS } from "./civil-time.ts";

/**
 * Texts of GoogleSQL's DATE, TIME, DATETIME and NUMERIC, as values. Each function answers undefined for a text that is
 * no such literal.
 *
 * Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types#canonical_format_for_date_literals
 */
const DATE = /^(\d{1,4})-(\d{1,2})-(\d{1,2})$/;
const TIME = /^(\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.(\d{1,6}))?$/;
const NUMERIC = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?$/;
const NUMERIC_SCALE = 9;
const NUMERIC_LIMIT = 10n ** 38n;

/** Days since the epoch. */
export function parseDate(text: string): number | undefined {
  const [, year, month, day] = DATE.exec(text) ?? [];
  return year === undefined ? undefined : daysOf({ year: Number(year), month: Number(month), day: Number(day) });
}

/** Microseconds since midnight. */
export function parseTime(text: string): bigint | undefined {
  const [, hour, minute, second, fraction = ""] = TIME.exec(text) ?? [];
  if (hour === undefined) return undefined;
  return microsOfDay(Number(hour), Number(minute), Number(second), Number(fraction.padEnd(6, "0")));
}

/** Microseconds since the epoch, without a zone. The time may be missing: midnight. */
export function parseDateTime(text: string): bigint | undefined {
  const [, dateText, timeText] = /^([\d-]+)(?:[ Tt]([\d:.]+))?$/.exec(text) ?? [];
  const days = dateText === undefined ? undefined : parseDate(dateText);
  const time = timeText === undefined ? 0n : parseTime(timeText);
  return days === undefined || time === undefined ? undefined : BigInt(days) * MICROS_PER_DAY + time;
}

/** NUMERIC times 10^9; undefined also if it has more than 29 digits before or 9 after the point. */
export function parseNumeric(text: string): bigint | undefined {
  const [all, sign, whole = "", fraction = "", exponent = "0"] = NUMERIC.exec(text.trim()) ?? [];
  if (all === undefined || (whole === "" && fraction === "")) return undefined;
  const shift = NUMERIC_SCALE - fraction.length + Number(exponent);
  const digits = BigInt(whole + fraction);
  if (shift < 0 && digits % 10n ** BigInt(-shift) !== 0n) return undefined;
  const scaled = shift < 0 ? digits / 10n ** BigInt(-shift) : digits * 10n ** BigInt(shift);
  return inNumericRange(sign === "-" ? -scaled : scaled);
}

/** `scaled` if it fits into a NUMERIC. */
export function inNumericRange(scaled: bigint): bigint | undefined {
  return scaled > -NUMERIC_LIMIT && scaled < NUMERIC_LIMIT ? scaled : undefined;
}

/** `micros` if a TIMESTAMP or DATETIME can hold it. */
export function inTimestampRange(micros: bigint): bigint | undefined {
  return micros >= MIN_MICROS && micros <= MAX_MICROS ? micros : undefined;
}
