import { compare } from "../expressions/comparison.ts";
import { scalars } from "./entry.ts";

/** Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/conditional_expressions */
export const CONDITIONALS = [
  ...scalars("conditional_expressions", [
    ["COALESCE(T, T...) -> T", (args) => `coalesce(${args.join(", ")})`],
    ["IF(BOOL, T, T) -> T", "CASE WHEN $1 THEN $2 ELSE $3 END"],
    ["IFNULL(T, T) -> T", "coalesce($1, $2)"],
    [
      "NULLIF(T, T) -> T",
      ([a = ""], { values: [left, right] }) =>
        `CASE WHEN ${left && right ? compare("=", left, right).sql : ""} THEN NULL ELSE ${a} END`,
    ],
  ]),
  ...scalars("debugging_functions", [["ERROR(STRING) -> INT64", "CAST(error($1) AS BIGINT)"]]),
];
