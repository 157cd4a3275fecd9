import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { CsvError, parse, type Info } from "csv-parse/sync";
import { payloadFields } from "#events";
import type { Replay } from "#fleets";
import { ConfigError, toError } from "#runtime";

/** What sensors measured once. */
export interface Recording {
  /** Milliseconds since the first row, rising. */
  readonly offsetsMs: Float64Array;
  /** From the first row to where it begins again: one shortest gap behind the last. */
  readonly durationMs: number;
  /** By name; NaN where there is no value. */
  readonly columns: ReadonlyMap<string, Float64Array>;
}

const MAX_BYTES = 64 * 1024 * 1024;
const MAX_ROWS = 500_000;
const MAX_PROBLEMS = 20;
/** The shortest time between two readings of a device, as for intervals. */
const MIN_GAP_MS = 10;

interface Row {
  readonly record: Readonly<Record<string, string>>;
  readonly info: Info;
}

/**
 * Reads the recording of a fleet: CSV, https://www.rfc-editor.org/rfc/rfc4180, with a line of names; times as
 * `2016-01-11 17:30:00` or ISO 8601 in UTC (only their differences count), numbers with a decimal point; an empty cell
 * is no value.
 *
 * @throws {ConfigError} with the first problems, each with file, line and column.
 */
export function readRecording(path: string, replay: Replay): Recording {
  const rows = parseCsv(path, readText(path));
  const problems = new Problems(path);
  const names = Object.keys(rows[0]?.record ?? {});
  const wanted = new Set(replay.devices.flatMap(({ columns }) => Object.values(columns)));
  for (const name of [replay.timeColumn, ...wanted])
    if (!names.includes(name)) problems.add(1, `has no column ${name}; it has ${names.join(", ")}`);
  if (rows.length < 2) problems.add(1, "must have at least two rows");
  problems.throwIfAny();
  const offsetsMs = readTimes(rows, replay.timeColumn, problems);
  const columns = new Map([...wanted].map((name) => [name, readNumbers(rows, name, problems)]));
  checkLimits(rows, replay, columns, problems);
  const shortestMs = shortestGap(offsetsMs);
  if (shortestMs / replay.speed < MIN_GAP_MS)
    problems.add(1, `has rows ${shortestMs} ms apart: too close for a speed of ${replay.speed}`);
  problems.throwIfAny();
  return { offsetsMs, durationMs: (offsetsMs.at(-1) ?? 0) + shortestMs, columns };
}

class Problems {
  readonly #path: string;
  readonly #texts: string[] = [];

  constructor(path: string) {
    this.#path = path;
  }

  add(line: number, text: string): void {
    if (this.#texts.length < MAX_PROBLEMS) this.#texts.push(`${this.#path}:${line}: ${text}`);
  }

  throwIfAny(): void {
    if (this.#texts.length > 0) throw new ConfigError(this.#texts);
  }
}

function readText(path: string): string {
  try {
    const bytes = readFileSync(path);
    const plain = path.endsWith(".gz") ? gunzipSync(bytes, { maxOutputLength: MAX_BYTES }) : bytes;
    if (plain.length > MAX_BYTES) throw new Error(`larger than ${MAX_BYTES} bytes`);
    return plain.toString("utf8");
  } catch (error) {
    throw new ConfigError([`${path}: cannot be read (${toError(error).message})`]);
  }
}

function parseCsv(path: string, text: string): Row[] {
  try {
    const rows = parse(text, { columns: true, info: true, bom: true, skip_empty_lines: true, to: MAX_ROWS + 1 });
    if (rows.length > MAX_ROWS) throw new Error(`more than ${MAX_ROWS} rows`);
    return rows as unknown as Row[];
  } catch (error) {
    const line = error instanceof CsvError ? Number(error["lines"]) : 1;
    throw new ConfigError([`${path}:${line}: ${toError(error).message}`]);
  }
}

const TIME = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?)Z?$/;

function readTimes(rows: readonly Row[], column: string, problems: Problems): Float64Array {
  const times = Float64Array.from(rows, ({ record, info }) => {
    const given = record[column] ?? "";
    const [, day, time] = TIME.exec(given) ?? [];
    const atMs = Date.parse(`${day ?? ""}T${time ?? ""}Z`);
    if (Number.isNaN(atMs))
      problems.add(info.lines, `column ${column} must be a time such as 2016-01-11 17:30:00; given: ${given}`);
    return atMs;
  });
  for (let index = 1; index < times.length; index += 1)
    if ((times[index] ?? 0) <= (times[index - 1] ?? 0))
      problems.add(rows[index]?.info.lines ?? 1, `column ${column} must be later than in the row before`);
  const firstMs = times[0] ?? 0;
  return times.map((atMs) => atMs - firstMs);
}

const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;

function readNumbers(rows: readonly Row[], column: string, problems: Problems): Float64Array {
  return Float64Array.from(rows, ({ record, info }) => {
    const given = (record[column] ?? "").trim();
    if (given === "") return NaN;
    const value = NUMBER.test(given) ? Number(given) : NaN;
    if (!Number.isFinite(value)) problems.add(info.lines, `column ${column} must be a number; given: ${given}`);
    return value;
  });
}

/** What the schema of readings refuses would be lost in dead letters. */
function checkLimits(rows: readonly Row[], replay: Replay, read: Recording["columns"], problems: Problems): void {
  for (const [field, schema] of payloadFields) {
    const { minimum = -Infinity, maximum = Infinity } = schema as { minimum?: number; maximum?: number };
    for (const column of new Set(replay.devices.flatMap(({ columns }) => columns[field] ?? [])))
      for (const [index, value] of (read.get(column) ?? []).entries())
        if (value < minimum || value > maximum)
          problems.add(
            rows[index]?.info.lines ?? 1,
            `column ${column} must be from ${minimum} to ${maximum} as ${field}; given: ${value}`,
          );
  }
}

function shortestGap(offsetsMs: Float64Array): number {
  return offsetsMs.reduce(
    (shortest, at, index) => (index === 0 ? shortest : Math.min(shortest, at - (offsetsMs[index - 1] ?? 0))),
    Infinity,
  );
}
