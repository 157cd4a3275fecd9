import { unsupported } from "../syntax/node.ts";
import { type AggregateInfo, aggregates, type EmitAggregate } from "./entry.ts";

const plain =
  (duck: string): EmitAggregate =>
  (_args, over) =>
    `${duck}()${over}`;

const navigate =
  (duck: string): EmitAggregate =>
  (args, over, call) =>
    `${duck}(${args.join(", ")}${call.nulls === "IGNORE" ? " IGNORE NULLS" : ""})${over}`;

/** NULL beyond the partition unless a default is given; the offset must not be negative. */
const shift =
  (duck: string): EmitAggregate =>
  (args, over, call) => {
    constant(call, 1, "offset");
    return `${duck}(${args.join(", ")})${over}`;
  };

const percentile =
  (duck: string): EmitAggregate =>
  ([x = "", fraction = ""], over, call) => {
    const p = Number(call.values[1]?.text);
    if (call.nulls === "RESPECT") throw unsupported("argument", "percentile with RESPECT NULLS");
    if (!(p >= 0 && p <= 1)) throw unsupported("argument", "percentile that is no literal of 0 to 1");
    const nan =
      call.values[0]?.type.kind === "FLOAT64"
        ? `CASE WHEN bool_or(isnan(${x}))${over} THEN CAST(error('percentile of NaN is not supported by the embedded BigQuery') AS DOUBLE) ELSE `
        : "";
    return `${nan}${duck}(${x}, ${fraction})${over}${nan === "" ? "" : " END"}`;
  };

function constant(call: AggregateInfo, index: number, what: string): void {
  const value = call.values[index];
  if (value !== undefined && (value.literal !== "number" || Number(value.text) < 0))
    throw unsupported("argument", `${what} that is no literal`);
}

/**
 * Numbering and navigation functions.
 *
 * Sources: https://cloud.google.com/bigquery/docs/reference/standard-sql/numbering_functions and
 * https://cloud.google.com/bigquery/docs/reference/standard-sql/navigation_functions
 */
export const WINDOWS = [
  ...aggregates("numbering_functions", "window", [
    ["ROW_NUMBER() -> INT64", plain("row_number")],
    ["RANK() -> INT64", plain("rank")],
    ["DENSE_RANK() -> INT64", plain("dense_rank")],
    ["PERCENT_RANK() -> FLOAT64", plain("percent_rank")],
    ["CUME_DIST() -> FLOAT64", plain("cume_dist")],
    [
      "NTILE(INT64) -> INT64",
      ([n = ""], over, call) => {
        constant(call, 0, "NTILE argument");
        return `ntile(${n})${over}`;
      },
    ],
  ]),
  ...aggregates("navigation_functions", "window", [
    ["LAG(T[, INT64]) -> T", shift("lag")],
    ["LAG(T, INT64, T) -> T", shift("lag")],
    ["LEAD(T[, INT64]) -> T", shift("lead")],
    ["LEAD(T, INT64, T) -> T", shift("lead")],
    ["FIRST_VALUE(T) -> T", navigate("first_value"), ["NULLS", "OVER"]],
    ["LAST_VALUE(T) -> T", navigate("last_value"), ["NULLS", "OVER"]],
    [
      "NTH_VALUE(T, INT64) -> T",
      (args, over, call) => {
        constant(call, 1, "NTH_VALUE position");
        return navigate("nth_value")(args, over, call);
      },
      ["NULLS", "OVER"],
    ],
    ["PERCENTILE_CONT(FLOAT64, FLOAT64) -> FLOAT64", percentile("quantile_cont"), ["NULLS", "OVER"]],
    ["PERCENTILE_DISC(T, FLOAT64) -> T", percentile("quantile_disc"), ["NULLS", "OVER"]],
  ]),
];
