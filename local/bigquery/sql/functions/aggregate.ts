import { unsupported } from "../syntax/node.ts";
import { type AggregateInfo, aggregates, type EmitAggregate } from "./entry.ts";

const distinct = (call: AggregateInfo): string => (call.distinct ? "DISTINCT " : "");

/** `f([DISTINCT] x) OVER (…)` cast to the type that BigQuery gives the result. */
const simple =
  (duck: string, type?: string): EmitAggregate =>
  ([x = ""], over, call) => {
    const sql = `${duck}(${distinct(call)}${x})${over}`;
    return type === undefined ? sql : `CAST(${sql} AS ${type})`;
  };

/** A FLOAT64 sum: an overflow is an error. */
const finite =
  (duck: "sum" | "avg"): EmitAggregate =>
  ([x = ""], over, call) => {
    const sql = `${duck}(${distinct(call)}${x})${over}`;
    const overflowed = `isinf(${sql}) AND NOT coalesce(bool_or(isinf(${x}))${over}, FALSE)`;
    return `CASE WHEN ${overflowed} THEN CAST(error('floating point overflow') AS DOUBLE) ELSE ${sql} END`;
  };

/** NaN is the greatest value in DuckDB; in BigQuery it is the answer whenever it is there. */
const extreme =
  (duck: "min" | "max"): EmitAggregate =>
  ([x = ""], over, call) => {
    const [value] = call.values;
    if (value?.type.kind === "JSON" || value?.type.kind === "ARRAY" || value?.type.kind === "STRUCT")
      throw unsupported("argument", `${duck} of ${value.type.kind}`);
    const sql = `${duck}(${x})${over}`;
    return duck === "max" || value?.type.kind !== "FLOAT64"
      ? sql
      : `CASE WHEN bool_or(isnan(${x}))${over} THEN CAST('nan' AS DOUBLE) ELSE ${sql} END`;
  };

/** DISTINCT on FLOAT64 and INT64 alike; LIMIT is taken from the finished list. */
const arrayAgg: EmitAggregate = ([x = ""], over, call) => {
  const filter = call.nulls === "IGNORE" ? ` FILTER (WHERE ${x} IS NOT NULL)` : "";
  const list = `list(${distinct(call)}${x}${call.order})${filter}${over}`;
  return call.limit === undefined ? list : `list_slice(${list}, 1, ${call.limit})`;
};

const stringAgg: EmitAggregate = ([x = "", separator = "','"], over, call) => {
  if (call.values[1] !== undefined && call.values[1].constant !== true)
    throw unsupported("argument", "STRING_AGG with a delimiter that is no constant");
  if (call.limit === undefined) return `string_agg(${distinct(call)}${x}, ${separator}${call.order})${over}`;
  const list = `list(${distinct(call)}${x}${call.order}) FILTER (WHERE ${x} IS NOT NULL)`;
  return `array_to_string(list_slice(${list}, 1, ${call.limit}), ${separator})`;
};

/**
 * Aggregate functions.
 *
 * Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/aggregate_functions
 */
export const AGGREGATES = [
  ...aggregates("aggregate_functions", "aggregate", [
    ["COUNT(T) -> INT64", simple("count"), ["DISTINCT", "OVER"]],
    ["COUNTIF(BOOL) -> INT64", ([x = ""], over) => `count(*) FILTER (WHERE ${x})${over}`],
    ["SUM(INT64) -> INT64", simple("sum", "BIGINT"), ["DISTINCT", "OVER"]],
    ["SUM(NUMERIC) -> NUMERIC", simple("sum", "DECIMAL(38,9)"), ["DISTINCT", "OVER"]],
    ["SUM(FLOAT64) -> FLOAT64", finite("sum"), ["DISTINCT", "OVER"]],
    ["AVG(INT64) -> FLOAT64", simple("avg"), ["DISTINCT", "OVER"]],
    ["AVG(FLOAT64) -> FLOAT64", finite("avg"), ["DISTINCT", "OVER"]],
    ["MIN(T) -> T", extreme("min")],
    ["MAX(T) -> T", extreme("max")],
    ["ANY_VALUE(T) -> T", ([x = ""], over) => `first(${x})${over}`],
    ["LOGICAL_AND(BOOL) -> BOOL", simple("bool_and")],
    ["LOGICAL_OR(BOOL) -> BOOL", simple("bool_or")],
    ["BIT_AND(INT64) -> INT64", simple("bit_and")],
    ["BIT_OR(INT64) -> INT64", simple("bit_or")],
    ["BIT_XOR(INT64) -> INT64", simple("bit_xor"), ["DISTINCT", "OVER"]],
    ["ARRAY_AGG(T) -> ARRAY<T>", arrayAgg, ["DISTINCT", "ORDER BY", "LIMIT", "NULLS", "OVER"]],
    ["STRING_AGG(STRING[, STRING]) -> STRING", stringAgg, ["DISTINCT", "ORDER BY", "LIMIT", "OVER"]],
  ]),
  ...aggregates("approximate_aggregate_functions", "aggregate", [
    ["APPROX_COUNT_DISTINCT(T) -> INT64", ([x = ""], over) => `count(DISTINCT ${x})${over}`, []],
    ["APPROX_QUANTILES(T, INT64) -> ARRAY<T>", quantiles, ["DISTINCT", "NULLS"]],
  ]),
];

/** Exact quantiles: element i is the value at rank i/n, the first and last the minimum and maximum. */
function quantiles(args: readonly string[], over: string, call: AggregateInfo): string {
  const [x = ""] = args;
  const number = Number(call.values[1]?.text);
  if (call.nulls === "RESPECT") throw unsupported("argument", "APPROX_QUANTILES with RESPECT NULLS");
  if (!Number.isInteger(number) || number < 1 || number > 10_000)
    throw unsupported("argument", "APPROX_QUANTILES with a number that is no literal of 1 to 10000");
  const [value] = call.values;
  const order = value?.type.kind === "FLOAT64" ? `isnan(${x}) DESC, ${x}` : x;
  return ranks(`list(${distinct(call)}${x} ORDER BY ${order}) FILTER (WHERE ${x} IS NOT NULL)${over}`, number);
}

/** Picks n + 1 elements, evenly spaced by rank, from a sorted list. */
function ranks(sorted: string, number: number): string {
  const positions = Array.from({ length: number + 1 }, (_item, index) => index);
  const picked = `list_transform([${positions.join(", ")}], lambda i: l[greatest((i * len(l) + ${number - 1}) // ${number}, 1)])`;
  return `list_transform([${sorted}], lambda l: CASE WHEN l IS NOT NULL THEN ${picked} END)[1]`;
}
