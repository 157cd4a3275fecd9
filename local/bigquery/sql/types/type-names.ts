import { SCALARS, type Scalar } from "./sql-type.ts";

/** Other names of the types. Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types */
const ALIASES: Readonly<Record<string, Scalar>> = {
  INT: "INT64",
  SMALLINT: "INT64",
  INTEGER: "INT64",
  BIGINT: "INT64",
  TINYINT: "INT64",
  BYTEINT: "INT64",
  DECIMAL: "NUMERIC",
  BOOLEAN: "BOOL",
};

/** The scalar type that a word names, or undefined. */
export function scalarNamed(word: string): Scalar | undefined {
  const upper = word.toUpperCase();
  return SCALARS.find((scalar) => scalar === upper) ?? ALIASES[upper];
}
