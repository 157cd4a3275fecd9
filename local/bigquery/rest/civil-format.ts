/**
 * Dates and times as texts of result rows.
 * Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types#timestamp_type and its neighbours.
 */

import { MICROS_PER_DAY } from "../schema/civil-time.ts";

const DAY_MS = 86_400_000;

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

function floorDivide(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  return value % by < 0n ? quotient - 1n : quotient;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}
