import { coerce, supertype } from "../types/coerce.ts";
import { arrayOf, sameType, type SqlType, typeText } from "../types/sql-type.ts";
import { scalarNamed } from "../types/type-names.ts";
import type { Value } from "../types/value.ts";

/** A parsed signature text such as `SUBSTR(STRING, INT64[, INT64]) -> STRING`. */
export interface Signature {
  readonly params: readonly string[];
  readonly required: number;
  /** The last parameter may repeat. */
  readonly variadic: boolean;
  readonly result: string;
}

/** Parameters that are no values: a date part, an interval, a time zone. */
export const SYNTAX_PARAMS: ReadonlySet<string> = new Set(["PART", "INTERVAL"]);

const parsed = new Map<string, Signature>();

/**
 * Reads a signature text. `T` is any type, the same wherever it stands; `[, X]` is optional; `X...` repeats; `PART` and
 * `INTERVAL` stand for a date part and an interval.
 */
export function signature(text: string): Signature {
  const known = parsed.get(text);
  if (known !== undefined) return known;
  const [, inside = "", result = ""] = /^[\w.]+\((.*)\) -> (.+)$/.exec(text) ?? [];
  const required = split(inside.split("[")[0] ?? "");
  const params = split(inside.replace(/[[\]]/g, ""));
  const made: Signature = {
    params: params.map((param) => param.replace("...", "")),
    required: required.filter((param) => !param.endsWith("...")).length,
    variadic: params.at(-1)?.endsWith("...") === true,
    result,
  };
  parsed.set(text, made);
  return made;
}

function split(text: string): string[] {
  return text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

/** The arguments coerced to a signature, how far they had to be coerced, and the result's type. */
export interface Match {
  readonly args: readonly Value[];
  readonly cost: number;
  readonly result: SqlType;
}

/**
 * Fits `args` (undefined for an argument that is no value) to a signature, with coercion only if asked.
 *
 * Functions of FLOAT64 have signatures of their own for NUMERIC in BigQuery, so a NUMERIC does not become a FLOAT64 here.
 */
export function matchSignature(
  wanted: Signature,
  args: readonly (Value | undefined)[],
  mayCoerce: boolean,
): Match | undefined {
  if (args.length < wanted.required || (args.length > wanted.params.length && !wanted.variadic)) return undefined;
  const params = args.map((_arg, index) => wanted.params[Math.min(index, wanted.params.length - 1)] ?? "");
  const any = anyType(params, args);
  if (params.some((param) => param === "T" || param === "ARRAY<T>") && any === undefined) return undefined;
  let cost = 0;
  const coerced: Value[] = [];
  for (const [index, param] of params.entries()) {
    const arg = args[index];
    if (SYNTAX_PARAMS.has(param) !== (arg === undefined)) return undefined;
    const type = typeNamed(param, any);
    const isFree = arg === undefined || arg.literal === "null" || param === "T" || param === "ARRAY<T>";
    if (!mayCoerce && !isFree && type !== undefined && !sameType(arg.type, type)) return undefined;
    if (param === "FLOAT64" && arg?.type.kind === "NUMERIC") return undefined;
    const value = arg && type && coerce(arg, type);
    if (arg !== undefined && value === undefined) return undefined;
    if (arg !== undefined && value !== arg) cost += (arg.literal === undefined ? 100 : 1) + widening(arg, type);
    if (value !== undefined) coerced.push(value);
  }
  const result = typeNamed(wanted.result, any);
  return result && { args: coerced, cost, result };
}

/** Of two coercions the one to the narrower number is better. */
function widening(arg: Value, type: SqlType | undefined): number {
  return arg.literal === "null" ? 0 : ["INT64", "NUMERIC", "FLOAT64"].indexOf(type?.kind ?? "");
}

/** What `T` stands for: the supertype of the arguments in its places. */
function anyType(params: readonly string[], args: readonly (Value | undefined)[]): SqlType | undefined {
  const values = params.flatMap((param, index): Value[] => {
    const arg = args[index];
    if (arg === undefined || (param !== "T" && param !== "ARRAY<T>")) return [];
    if (param === "T") return [arg];
    if (arg.literal === "null" || arg.literal === "emptyArray") return [];
    return arg.type.kind === "ARRAY" ? [{ sql: arg.sql, type: arg.type.element }] : [];
  });
  const isGeneric = params.some((param) => param === "T" || param === "ARRAY<T>");
  return isGeneric ? supertype(values) : undefined;
}

function typeNamed(name: string, any: SqlType | undefined): SqlType | undefined {
  if (name === "T") return any;
  const element = /^ARRAY<(.+)>$/.exec(name)?.[1];
  if (element !== undefined) {
    const type = typeNamed(element, any);
    return type && arrayOf(type);
  }
  const kind = scalarNamed(name);
  return kind && { kind };
}

export function argumentTypes(args: readonly (Value | undefined)[], parts: readonly string[]): string {
  return args
    .map((arg, index) =>
      arg === undefined ? (parts[index] ?? "DATE_TIME_PART") : arg.literal === "null" ? "NULL" : typeText(arg.type),
    )
    .join(", ");
}
