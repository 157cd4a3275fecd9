import type { Context } from "../context.ts";
import type { Expr } from "../syntax/ast.ts";
import { unify } from "../types/coerce.ts";
import { INT64 } from "../types/sql-type.ts";
import { nullOf, type Value } from "../types/value.ts";
import { analyze } from "./analyze.ts";
import { compare } from "./comparison.ts";
import { condition } from "./operators.ts";

/** CASE. Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/conditional_expressions#case */
export function caseValue(expr: Extract<Expr, { kind: "case" }>, context: Context): Value {
  const operand = expr.operand && analyze(expr.operand, context);
  const tests = expr.whens.map(([when]) =>
    operand === undefined ? condition(when, context, "CASE") : compare("=", operand, analyze(when, context)).sql,
  );
  const otherwise: Value = expr.otherwise ? analyze(expr.otherwise, context) : { ...nullOf(INT64), literal: "null" };
  const results = [...expr.whens.map(([, then]) => analyze(then, context)), otherwise];
  const { type, values } = unify(results, "operator CASE");
  const branches = tests.map((test, index) => `WHEN ${test} THEN ${values[index]?.sql ?? "NULL"}`);
  return { sql: `CASE ${branches.join(" ")} ELSE ${values.at(-1)?.sql ?? "NULL"} END`, type };
}
