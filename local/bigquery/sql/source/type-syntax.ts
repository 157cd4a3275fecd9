import { SqlError } from "../statement.ts";
import { arrayOf, type SqlType, type StructField } from "../types/sql-type.ts";
import { scalarNamed } from "../types/type-names.ts";
import type { Cursor } from "./cursor.ts";

/**
 * Reads a type: `INT64`, `ARRAY<STRUCT<a INT64, STRING>>`. Parameterized types (`NUMERIC(10, 2)`) are refused.
 *
 * Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types
 */
export function readType(cursor: Cursor): SqlType {
  const word = cursor.word();
  const upper = word.toUpperCase();
  if (upper === "ARRAY") return readArray(cursor);
  if (upper === "STRUCT") return { kind: "STRUCT", fields: readMembers(cursor) };
  const scalar = scalarNamed(word);
  if (scalar === undefined) throw unsupported(word);
  if (cursor.isSymbol("("))
    throw new SqlError("notImplemented", `parameterized type is not supported by the embedded BigQuery: ${upper}`);
  return { kind: scalar };
}

function readArray(cursor: Cursor): SqlType {
  cursor.symbol("<");
  const element = readType(cursor);
  cursor.closeAngle();
  return arrayOf(element);
}

function readMembers(cursor: Cursor): StructField[] {
  cursor.symbol("<");
  const fields: StructField[] = [];
  while (!cursor.isCloseAngle()) {
    if (fields.length > 0) cursor.symbol(",");
    fields.push(readMember(cursor));
  }
  cursor.closeAngle();
  return fields;
}

function readMember(cursor: Cursor): StructField {
  const next = cursor.peek(1);
  const isNamed = next.kind === "word" || cursor.peek(0).kind === "quoted";
  if (!isNamed) return { type: readType(cursor) };
  return { name: cursor.name(), type: readType(cursor) };
}

function unsupported(word: string): SqlError {
  const known = ["BIGNUMERIC", "BIGDECIMAL", "GEOGRAPHY", "INTERVAL", "RANGE"].includes(word.toUpperCase());
  if (known)
    return new SqlError("notImplemented", `type is not supported by the embedded BigQuery: ${word.toUpperCase()}`);
  return new SqlError("invalidQuery", `Type not found: ${word}`);
}
