import type { Field, FieldType } from "../../schema/field.ts";
import { SqlError } from "../statement.ts";
import { quoteName } from "../../schema/duck-text.ts";

/**
 * The GoogleSQL types of the embedded BigQuery.
 *
 * Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types
 */
export const SCALARS = [
  "INT64",
  "FLOAT64",
  "NUMERIC",
  "BOOL",
  "STRING",
  "BYTES",
  "DATE",
  "DATETIME",
  "TIME",
  "TIMESTAMP",
  "JSON",
] as const;

export type Scalar = (typeof SCALARS)[number];
export interface ScalarType {
  readonly kind: Scalar;
}
export interface ArrayType {
  readonly kind: "ARRAY";
  readonly element: SqlType;
}
export interface StructField {
  readonly name?: string;
  readonly type: SqlType;
}
export interface StructType {
  readonly kind: "STRUCT";
  readonly fields: readonly StructField[];
}
export type SqlType = ScalarType | ArrayType | StructType;

const DUCK_TYPES: Readonly<Record<Scalar, string>> = {
  INT64: "BIGINT",
  FLOAT64: "DOUBLE",
  NUMERIC: "DECIMAL(38,9)",
  BOOL: "BOOLEAN",
  STRING: "VARCHAR",
  BYTES: "BLOB",
  DATE: "DATE",
  DATETIME: "TIMESTAMP",
  TIME: "TIME",
  TIMESTAMP: "TIMESTAMPTZ",
  JSON: "JSON",
};

const FIELD_SCALARS: Readonly<Record<Exclude<FieldType, "RECORD">, Scalar>> = {
  STRING: "STRING",
  BYTES: "BYTES",
  INTEGER: "INT64",
  FLOAT: "FLOAT64",
  NUMERIC: "NUMERIC",
  BOOLEAN: "BOOL",
  TIMESTAMP: "TIMESTAMP",
  DATE: "DATE",
  TIME: "TIME",
  DATETIME: "DATETIME",
  JSON: "JSON",
};

export const INT64: SqlType = { kind: "INT64" };
export const FLOAT64: SqlType = { kind: "FLOAT64" };
export const NUMERIC: SqlType = { kind: "NUMERIC" };
export const BOOL: SqlType = { kind: "BOOL" };
export const STRING: SqlType = { kind: "STRING" };
export const BYTES: SqlType = { kind: "BYTES" };
export const DATE: SqlType = { kind: "DATE" };
export const DATETIME: SqlType = { kind: "DATETIME" };
export const TIME: SqlType = { kind: "TIME" };
export const TIMESTAMP: SqlType = { kind: "TIMESTAMP" };
export const JSON_TYPE: SqlType = { kind: "JSON" };

export function arrayOf(element: SqlType): ArrayType {
  return { kind: "ARRAY", element };
}

/** The name of a member of a STRUCT in DuckDB and in the REST API, which calls nameless ones `_field_1`, … */
export function memberName(field: StructField, index: number): string {
  return field.name ?? `_field_${index + 1}`;
}

/** The spelling of a type in messages: `ARRAY<STRUCT<a INT64, STRING>>`. */
export function typeText(type: SqlType): string {
  if (type.kind === "ARRAY") return `ARRAY<${typeText(type.element)}>`;
  if (type.kind !== "STRUCT") return type.kind;
  const members = type.fields.map((field) => (field.name === undefined ? "" : `${field.name} `) + typeText(field.type));
  return `STRUCT<${members.join(", ")}>`;
}

/** The DuckDB type that stores values of `type`. */
export function duckType(type: SqlType): string {
  if (type.kind === "ARRAY") return `${duckType(type.element)}[]`;
  if (type.kind !== "STRUCT") return DUCK_TYPES[type.kind];
  const members = type.fields.map((field, index) => `${quoteName(memberName(field, index))} ${duckType(field.type)}`);
  return `STRUCT(${members.join(", ")})`;
}

export function sameType(a: SqlType, b: SqlType): boolean {
  if (a.kind === "ARRAY" && b.kind === "ARRAY") return sameType(a.element, b.element);
  if (a.kind !== "STRUCT" || b.kind !== "STRUCT") return a.kind === b.kind;
  return (
    a.fields.length === b.fields.length &&
    a.fields.every((field, index) => {
      const other = b.fields[index];
      return other !== undefined && sameName(field.name, other.name) && sameType(field.type, other.type);
    })
  );
}

/** Names are compared without regard to case. */
export function sameName(a: string | undefined, b: string | undefined): boolean {
  return a?.toLowerCase() === b?.toLowerCase();
}

/** The type of a column of a table. */
export function fieldSqlType(field: Field): SqlType {
  const single: SqlType =
    field.type === "RECORD"
      ? {
          kind: "STRUCT",
          fields: (field.fields ?? []).map((member) => ({ name: member.name, type: fieldSqlType(member) })),
        }
      : { kind: FIELD_SCALARS[field.type] };
  return field.mode === "REPEATED" ? arrayOf(single) : single;
}

/** The result column that a value of `type` becomes. */
export function typeField(name: string, type: SqlType): Field {
  if (type.kind === "ARRAY") {
    if (type.element.kind === "ARRAY")
      throw new SqlError("invalidQuery", "Cannot construct array with element type ARRAY");
    return { ...typeField(name, type.element), mode: "REPEATED" };
  }
  if (type.kind === "STRUCT") {
    const fields = type.fields.map((field, index) => typeField(memberName(field, index), field.type));
    return { name, type: "RECORD", mode: "NULLABLE", fields };
  }
  const entry = Object.entries(FIELD_SCALARS).find(([, scalar]) => scalar === type.kind);
  return { name, type: entry?.[0] as FieldType, mode: "NULLABLE" };
}
