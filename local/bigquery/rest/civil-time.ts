/**
 * Dates and times of the proleptic Gregorian calendar, from text to numbers and back, between the years 1 and 9999.
 * Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types#timestamp_type and its neighbours.
 */

import { MAX_MICROS, MICROS_PER_DAY, MIN_MICROS } from "../schema/civil-time.ts";

const DAY_MS = 86_400_000;

const DATE = /^(\d{4})[-/](\d{1,2})[-/](\d{1,2})/;
/** Zeros beyond six digits lose nothing, and the Node client writes nine digits. */
const TIME = /^(\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.(\d{1,6})0{0,6})?/;
const TIME_OF_MINUTES = /^(\d{1,2}):(\d{1,2})(?!:)/;
const ZONE = /^(?:Z|z| ?UTC| ?GMT|([+-])(\d{1,2})(?::?(\d{2}))?)$/;

/** Days since 1970-01-01 of `YYYY-MM-DD`; undefined if the text is anything else or there is no such day. */
export function parseDate(text: string): number | undefined {
  const part = takeDate(text);
  return part?.rest === "" ? part.days : undefined;
}

/** Microseconds since midnight of `HH:MM:SS[.FFFFFF]`. */
export function parseTime(text: string): bigint | undefined {
  const part = TIME.test(text) ? takeTime(text) : undefined;
  return part?.rest === "" ? part.micros : undefined;
}

/** Microseconds since 1970-01-01T00:00:00 of `YYYY-MM-DD[( |T)HH:MM:SS[.FFFFFF]]`, without a zone. */
export function parseDatetime(text: string): bigint | undefined {
  const part = takeDatetime(text);
  return part?.rest === "" ? part.micros : undefined;
}

/**
 * Microseconds since the epoch of a timestamp's text; UTC without a zone. Zones: `Z`, `UTC`, `+HH`, `+HH:MM`. Digits
 * beyond the sixth after the point must be zeros: the column could not hold others.
 */
export function parseTimestamp(text: string): bigint | undefined {
  const part = takeDatetime(text);
  if (!part) return undefined;
  const offset = part.rest === "" ? 0 : zoneMinutes(part.rest);
  if (offset === undefined) return undefined;
  const micros = part.micros - BigInt(offset) * 60_000_000n;
  return inRange(micros) ? micros : undefined;
}

/** True for an instant that a TIMESTAMP or DATETIME holds. */
export function inRange(micros: bigint): boolean {
  return micros >= MIN_MICROS && micros <= MAX_MICROS;
}

export function formatDate(days: number): string {
  return new Date(days * DAY_MS).toISOString().slice(0, 10);
}

/** `HH:MM:SS`, with six digits after the point unless all are zero. */
export function formatTime(micros: bigint): string {
  const second = Number(micros / 1_000_000n);
  const fraction = Number(micros % 1_000_000n);
  const clock = [Math.floor(second / 3600), Math.floor(second / 60) % 60, second % 60].map(twoDigits).join(":");
  return fraction === 0 ? clock : `${clock}.${String(fraction).padStart(6, "0")}`;
}

/** `YYYY-MM-DDTHH:MM:SS[.FFFFFF]` */
export function formatDatetime(micros: bigint): string {
  const days = floorDivide(micros, MICROS_PER_DAY);
  return `${formatDate(Number(days))}T${formatTime(micros - days * MICROS_PER_DAY)}`;
}

/** Seconds since the epoch with all six digits after the point that are not zero, e.g. `-0.000001`. */
export function formatSeconds(micros: bigint): string {
  const size = micros < 0n ? -micros : micros;
  const fraction = String(size % 1_000_000n).padStart(6, "0");
  return `${micros < 0n ? "-" : ""}${size / 1_000_000n}.${fraction.replace(/0+$/, "") || "0"}`;
}

function takeDate(text: string): { readonly days: number; readonly rest: string } | undefined {
  const match = DATE.exec(text);
  if (!match) return undefined;
  const [year, month, day] = match.slice(1).map(Number) as [number, number, number];
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (year < 1 || date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  return { days: date.getTime() / DAY_MS, rest: text.slice(match[0].length) };
}

function takeTime(text: string): { readonly micros: bigint; readonly rest: string } | undefined {
  const match = TIME.exec(text) ?? TIME_OF_MINUTES.exec(text);
  if (!match) return undefined;
  const [hour = 0, minute = 0, second = 0] = match.slice(1, 4).map((digits) => Number(digits || 0));
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const fraction = Number((match[4] ?? "").padEnd(6, "0"));
  const micros = BigInt(hour * 3600 + minute * 60 + second) * 1_000_000n + BigInt(fraction);
  return { micros, rest: text.slice(match[0].length) };
}

function takeDatetime(text: string): { readonly micros: bigint; readonly rest: string } | undefined {
  const date = takeDate(text);
  if (!date) return undefined;
  const midnight = BigInt(date.days) * MICROS_PER_DAY;
  if (!/^[ Tt]\d/.test(date.rest)) return { micros: midnight, rest: date.rest };
  const time = takeTime(date.rest.slice(1));
  return time && { micros: midnight + time.micros, rest: time.rest };
}

function zoneMinutes(text: string): number | undefined {
  const match = ZONE.exec(text);
  if (!match) return undefined;
  const [, sign, hours = "0", minutes = "0"] = match;
  if (Number(hours) > 14 || Number(minutes) > 59) return undefined;
  return (sign === "-" ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
}

function floorDivide(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  return value % by < 0n ? quotient - 1n : quotient;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}
