import {
  BIGINT,
  BLOB,
  BOOLEAN,
  DATE,
  DECIMAL,
  DOUBLE,
  type DuckDBType,
  LIST,
  STRUCT,
  TIME,
  TIMESTAMP,
  TIMESTAMPTZ,
  VARCHAR,
} from "@duckdb/node-api";
import type { Field, FieldType } from "../schema/field.ts";
import { NUMERIC_PRECISION, NUMERIC_SCALE } from "../schema/decimal-text.ts";
import { quoteName } from "../schema/duck-text.ts";

type ScalarType = Exclude<FieldType, "RECORD">;

/** A BigQuery TIMESTAMP is an instant (TIMESTAMPTZ), a DATETIME has no zone (TIMESTAMP). JSON travels as its text. */
const VECTOR_TYPES: Record<ScalarType, DuckDBType> = {
  STRING: VARCHAR,
  BYTES: BLOB,
  INTEGER: BIGINT,
  FLOAT: DOUBLE,
  NUMERIC: DECIMAL(NUMERIC_PRECISION, NUMERIC_SCALE),
  BOOLEAN,
  TIMESTAMP: TIMESTAMPTZ,
  DATE,
  TIME,
  DATETIME: TIMESTAMP,
  JSON: VARCHAR,
};

/** The type of the vector that carries a column's values into DuckDB. */
export function vectorType(field: Field): DuckDBType {
  const one = field.type === "RECORD" ? recordType(field.fields ?? []) : VECTOR_TYPES[field.type];
  return field.mode === "REPEATED" ? LIST(one) : one;
}

function recordType(members: readonly Field[]): DuckDBType {
  return STRUCT(Object.fromEntries(members.map((member) => [member.name, vectorType(member)])));
}

/** The column's type as DDL spells it, e.g. `STRUCT("a" BIGINT)[]`. */
export function columnType(field: Field): string {
  return field.mode === "REPEATED" ? `${elementType(field)}[]` : elementType(field);
}

function elementType(field: Field): string {
  if (field.type === "JSON") return "JSON";
  if (field.type !== "RECORD") return VECTOR_TYPES[field.type].toString();
  const members = (field.fields ?? []).map((member) => `${quoteName(member.name)} ${columnType(member)}`);
  return `STRUCT(${members.join(", ")})`;
}

/**
 * One column of CREATE TABLE. REQUIRED is NOT NULL, so that no path into the table can pass it by. A REPEATED column is
 * never NULL in BigQuery: what is not given is an empty array, in rows that are older than the column too.
 */
export function columnDefinition(field: Field): string {
  const constraint = { NULLABLE: "", REQUIRED: " NOT NULL", REPEATED: " DEFAULT []" }[field.mode];
  return `${quoteName(field.name)} ${columnType(field)}${constraint}`;
}
