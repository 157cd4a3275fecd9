/**
 * Ranges of BigQuery's date and time types, and the packed 64-bit form in which the Storage Write API carries
 * DATETIME and TIME.
 *
 * Sources: https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types (0001-01-01 to 9999-12-31) and the
 * `CivilTimeEncoder` that https://cloud.google.com/bigquery/docs/supported-data-types points to.
 */
export const MIN_DAYS = -719_162;
export const MAX_DAYS = 2_932_896;
export const MICROS_PER_DAY = 86_400_000_000n;
export const MIN_MICROS = BigInt(MIN_DAYS) * MICROS_PER_DAY;
export const MAX_MICROS = (BigInt(MAX_DAYS) + 1n) * MICROS_PER_DAY - 1n;

export interface CivilDate {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

/** Days since 1970-01-01, or undefined if there is no such date. */
export function daysOf({ year, month, day }: CivilDate): number | undefined {
  if (year < 1 || year > 9999) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  const exists = date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  return exists ? date.getTime() / 86_400_000 : undefined;
}

/** Microseconds since midnight, or undefined if there is no such time. */
export function microsOfDay(hour: number, minute: number, second: number, micros: number): bigint | undefined {
  if (hour > 23 || minute > 59 || second > 59 || micros > 999_999) return undefined;
  return BigInt((hour * 60 + minute) * 60 + second) * 1_000_000n + BigInt(micros);
}

/** `micros` if a TIMESTAMP or DATETIME can hold it. */
export function inTimestampRange(micros: bigint): bigint | undefined {
  return micros >= MIN_MICROS && micros <= MAX_MICROS ? micros : undefined;
}

function bits(packed: bigint, shift: bigint, width: bigint): number {
  return Number((packed >> shift) & ((1n << width) - 1n));
}

/** Hour, minute, second and microsecond in 5, 6, 6 and 20 bits; undefined if out of range. */
export function unpackTime(packed: bigint): bigint | undefined {
  if (packed < 0n || packed >> 37n !== 0n) return undefined;
  return microsOfDay(bits(packed, 32n, 5n), bits(packed, 26n, 6n), bits(packed, 20n, 6n), bits(packed, 0n, 20n));
}

/** Year, month and day in 14, 4 and 5 bits above the time; microseconds since the epoch, undefined if out of range. */
export function unpackDateTime(packed: bigint): bigint | undefined {
  if (packed < 0n || packed >> 60n !== 0n) return undefined;
  const days = daysOf({ year: bits(packed, 46n, 14n), month: bits(packed, 42n, 4n), day: bits(packed, 37n, 5n) });
  const time = unpackTime(packed & ((1n << 37n) - 1n));
  return days === undefined || time === undefined ? undefined : BigInt(days) * MICROS_PER_DAY + time;
}
