import { INTERVAL_UNITS } from "../source/keywords.ts";
import { SqlError } from "../statement.ts";
import type { Expr } from "../syntax/ast.ts";

const PARTS = new Set([...INTERVAL_UNITS, "DAYOFWEEK", "DAYOFYEAR", "ISOWEEK", "ISOYEAR", "DATE", "TIME", "DATETIME"]);
const WEEKDAYS = ["SUNDAY", "MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY"];
const MICROS: Readonly<Record<string, number>> = {
  MICROSECOND: 1,
  MILLISECOND: 1e3,
  SECOND: 1e6,
  MINUTE: 6e7,
  HOUR: 3.6e9,
  DAY: 8.64e10,
};

/** A date part as written: `DAY`, or `WEEK(MONDAY)`. Undefined for anything else. */
export function datePart(arg: Expr): string | undefined {
  if (arg.kind === "path" && arg.names.length === 1) {
    const part = arg.names[0]?.toUpperCase() ?? "";
    return PARTS.has(part) ? part : undefined;
  }
  const [day] = arg.kind === "call" && arg.name === "WEEK" && arg.args.length === 1 ? arg.args : [];
  const weekday = day?.kind === "path" ? day.names.join(".").toUpperCase() : "";
  return WEEKDAYS.includes(weekday) ? `WEEK(${weekday})` : undefined;
}

/** Microseconds of a part of fixed length. */
export function partMicros(part: string): number | undefined {
  return MICROS[part];
}

/** The first day of a `WEEK`, `WEEK(<day>)` or `ISOWEEK`: 0 is Sunday. Undefined for other parts. */
export function weekStart(part: string): number | undefined {
  if (part === "WEEK") return 0;
  if (part === "ISOWEEK") return 1;
  const day = /^WEEK\((\w+)\)$/.exec(part)?.[1];
  return day === undefined ? undefined : WEEKDAYS.indexOf(day);
}

/** The error for a part that a function does not take. */
export function badPart(name: string, part: string): SqlError {
  return new SqlError("invalidQuery", `${name} does not support the ${part} date part`);
}
