import type { Value } from "../types/value.ts";

/** What an emitter may know of a call besides its arguments' SQL. */
export interface CallInfo {
  readonly values: readonly Value[];
  /** Date parts, in order: `DAY`, `WEEK(MONDAY)`. An interval's unit is one too. */
  readonly parts: readonly string[];
  readonly nowMicros: bigint;
}

export type Emit = (args: readonly string[], call: CallInfo) => string;
/** `over` is what follows the aggregate's parenthesis: FILTER, OVER or nothing. */
export type EmitAggregate = (args: readonly string[], over: string, call: AggregateInfo) => string;

export interface AggregateInfo extends CallInfo {
  readonly distinct: boolean;
  /** ` ORDER BY …` inside the parentheses, or nothing. */
  readonly order: string;
  readonly nulls: "IGNORE" | "RESPECT" | undefined;
  /** The SQL of LIMIT inside the parentheses. */
  readonly limit: string | undefined;
}

/** One supported function and one of its signatures. */
export interface FunctionEntry {
  readonly name: string;
  readonly signature: string;
  readonly source: string;
  readonly kind: "scalar" | "aggregate" | "window";
  readonly emit?: Emit;
  readonly aggregate?: EmitAggregate;
  /** What may stand inside an aggregate's parentheses. */
  readonly allows?: readonly ("DISTINCT" | "ORDER BY" | "LIMIT" | "NULLS" | "OVER")[];
}

const ROOT = "https://cloud.google.com/bigquery/docs/reference/standard-sql/";

type ScalarRow = readonly [signature: string, emit: Emit | string];

/** Rows of a table of scalar functions. A string is a template with `$1`, `$2`, … for the arguments. */
export function scalars(page: string, rows: readonly ScalarRow[]): FunctionEntry[] {
  return rows.map(([signature, emit]) => {
    const name = signature.slice(0, signature.indexOf("("));
    const made: Emit = typeof emit === "string" ? (args) => fill(emit, args) : emit;
    return { name, signature, source: `${ROOT}${page}#${name.toLowerCase()}`, kind: "scalar", emit: made };
  });
}

/** Puts arguments into a template. */
export function fill(template: string, args: readonly string[]): string {
  return template.replace(/\$(\d)/g, (_text, index: string) => args[Number(index) - 1] ?? "NULL");
}

type AggregateRow = readonly [signature: string, aggregate: EmitAggregate, allows?: FunctionEntry["allows"]];

/** Rows of a table of aggregate or window functions. */
export function aggregates(page: string, kind: "aggregate" | "window", rows: readonly AggregateRow[]): FunctionEntry[] {
  return rows.map(([signature, aggregate, allows = ["OVER"]]) => {
    const name = signature.slice(0, signature.indexOf("("));
    return { name, signature, source: `${ROOT}${page}#${name.toLowerCase()}`, kind, aggregate, allows };
  });
}
