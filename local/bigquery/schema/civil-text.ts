import { daysOf, inTimestampRange, microsOfDay, MICROS_PER_DAY } from "./civil-time.ts";

/**
 * Which spellings are read: those of GoogleSQL's literals and of the Storage Write API (`literal`), or those of rows that
 * come as JSON (`row`): slashes in dates, times without seconds beside a date, zeros beyond the sixth digit (the Node
 * client writes nine).
 *
 * Sources: https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types#canonical_format_for_date_literals
 * and https://cloud.google.com/bigquery/docs/loading-data-cloud-storage-json#details_of_loading_json_data
 */
export type Spelling = "literal" | "row";

interface Grammar {
  readonly date: RegExp;
  readonly time: RegExp;
  /** A time where a date stands before it. */
  readonly timeOfDay: RegExp;
  readonly zone: RegExp;
}

const LITERAL_TIME = /^(\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.(\d{1,6}))?/;
const ROW_TIME = /^(\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.(\d{1,6})0{0,6})?/;

const GRAMMARS: Readonly<Record<Spelling, Grammar>> = {
  literal: {
    date: /^(\d{1,4})-(\d{1,2})-(\d{1,2})/,
    time: LITERAL_TIME,
    timeOfDay: LITERAL_TIME,
    zone: /^(?:Z|z|\s*UTC|\s*([+-])(\d{1,2})(?::(\d{2}))?)$/,
  },
  row: {
    date: /^(\d{4})[-/](\d{1,2})[-/](\d{1,2})/,
    time: ROW_TIME,
    timeOfDay: new RegExp(`${ROW_TIME.source}|${/^(\d{1,2}):(\d{1,2})(?!:)/.source}`),
    zone: /^(?:Z|z| ?UTC| ?GMT|([+-])(\d{1,2})(?::?(\d{2}))?)$/,
  },
};

/** A value at the start of a text, and what follows it. */
interface Taken<T> {
  readonly value: T;
  readonly rest: string;
}

/** Days since 1970-01-01 of a DATE; undefined if the text is anything else or there is no such day. */
export function parseDate(text: string, spelling: Spelling): number | undefined {
  return whole(takeDate(text, GRAMMARS[spelling]));
}

/** Microseconds since midnight of a TIME. */
export function parseTime(text: string, spelling: Spelling): bigint | undefined {
  return whole(takeTime(text, GRAMMARS[spelling].time));
}

/** Microseconds since 1970-01-01T00:00:00 of a DATETIME, which has no zone. The time may be missing: midnight. */
export function parseDateTime(text: string, spelling: Spelling): bigint | undefined {
  return whole(takeDateTime(text, GRAMMARS[spelling]));
}

/** Microseconds since the epoch of a TIMESTAMP; UTC without a zone. Names of zones are not read. */
export function parseTimestamp(text: string, spelling: Spelling): bigint | undefined {
  const grammar = GRAMMARS[spelling];
  const local = takeDateTime(text, grammar);
  const offset = local && zoneMinutes(local.rest, grammar.zone);
  return local && offset !== undefined ? inTimestampRange(local.value - BigInt(offset) * 60_000_000n) : undefined;
}

function whole<T>(taken: Taken<T> | undefined): T | undefined {
  return taken?.rest === "" ? taken.value : undefined;
}

function takeDate(text: string, { date }: Grammar): Taken<number> | undefined {
  const [match, year, month, day] = date.exec(text) ?? [];
  if (match === undefined) return undefined;
  const value = daysOf({ year: Number(year), month: Number(month), day: Number(day) });
  return value === undefined ? undefined : { value, rest: text.slice(match.length) };
}

function takeTime(text: string, pattern: RegExp): Taken<bigint> | undefined {
  const [match, hour, minute, second, fraction = "", shortHour, shortMinute] = pattern.exec(text) ?? [];
  if (match === undefined) return undefined;
  const [hours, minutes] = [hour ?? shortHour, minute ?? shortMinute].map(Number) as [number, number];
  const value = microsOfDay(hours, minutes, Number(second ?? 0), Number(fraction.padEnd(6, "0")));
  return value === undefined ? undefined : { value, rest: text.slice(match.length) };
}

function takeDateTime(text: string, grammar: Grammar): Taken<bigint> | undefined {
  const date = takeDate(text, grammar);
  if (!date) return undefined;
  const midnight = BigInt(date.value) * MICROS_PER_DAY;
  if (!/^[ Tt]\d/.test(date.rest)) return { value: midnight, rest: date.rest };
  const time = takeTime(date.rest.slice(1), grammar.timeOfDay);
  return time && { value: midnight + time.value, rest: time.rest };
}

/** The zone's minutes east of UTC; undefined if the text is no zone. */
function zoneMinutes(text: string, pattern: RegExp): number | undefined {
  if (text === "") return 0;
  const [match, sign, hours = "0", minutes = "0"] = pattern.exec(text) ?? [];
  if (match === undefined || Number(hours) > 14 || Number(minutes) > 59) return undefined;
  return (sign === "-" ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
}
