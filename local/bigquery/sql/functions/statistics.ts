import { aggregates, type EmitAggregate } from "./entry.ts";

const one =
  (duck: string): EmitAggregate =>
  ([x = ""], over, call) =>
    `${duck}(${call.distinct ? "DISTINCT " : ""}${x})${over}`;

const two =
  (duck: string): EmitAggregate =>
  ([x = "", y = ""], over) =>
    `${duck}(${x}, ${y})${over}`;

/**
 * Statistical aggregate functions.
 *
 * Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/statistical_aggregate_functions
 */
export const STATISTICS = aggregates("statistical_aggregate_functions", "aggregate", [
  [
    "CORR(FLOAT64, FLOAT64) -> FLOAT64",
    ([x = "", y = ""], over) => `CASE WHEN regr_count(${x}, ${y})${over} > 1 THEN corr(${x}, ${y})${over} END`,
  ],
  ["COVAR_POP(FLOAT64, FLOAT64) -> FLOAT64", two("covar_pop")],
  ["COVAR_SAMP(FLOAT64, FLOAT64) -> FLOAT64", two("covar_samp")],
  ["STDDEV(FLOAT64) -> FLOAT64", one("stddev_samp"), ["DISTINCT", "OVER"]],
  ["STDDEV_POP(FLOAT64) -> FLOAT64", one("stddev_pop"), ["DISTINCT", "OVER"]],
  ["STDDEV_SAMP(FLOAT64) -> FLOAT64", one("stddev_samp"), ["DISTINCT", "OVER"]],
  ["VARIANCE(FLOAT64) -> FLOAT64", one("var_samp"), ["DISTINCT", "OVER"]],
  ["VAR_POP(FLOAT64) -> FLOAT64", one("var_pop"), ["DISTINCT", "OVER"]],
  ["VAR_SAMP(FLOAT64) -> FLOAT64", one("var_samp"), ["DISTINCT", "OVER"]],
]);
