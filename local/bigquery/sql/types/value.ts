import { duckType, memberName, type SqlType, type StructType } from "./sql-type.ts";
import { quoteName, quoteText } from "../../schema/duck-text.ts";

/** An expression in DuckDB's SQL, with its GoogleSQL type and what coercion and error checks need to know of it. */
export interface Value {
  readonly sql: string;
  readonly type: SqlType;
  /** A literal may coerce to more types than an expression of its type. */
  readonly literal?: "null" | "string" | "number" | "emptyArray";
  /** The text of a string or number literal. */
  readonly text?: string;
  /** A literal or a parameter: the same for each row. A FLOAT64 constant is finite unless `mayBeNaN`. */
  readonly constant?: boolean;
  readonly mayBeNaN?: boolean;
  /** Operands of a chain of FLOAT64 additions and multiplications: the chain overflowed if all of them are finite. */
  readonly leaves?: readonly string[];
  /** The chain itself, without the overflow check. */
  readonly unchecked?: string;
  /** The value is the unchanged partitioning column of this table. */
  readonly partition?: { readonly table: string; readonly field: string };
  /** Items of an array or struct constructor; each may still coerce. */
  readonly items?: readonly Value[];
}

/** `CAST(sql AS type)` in DuckDB. */
export function duckCast(sql: string, type: SqlType): string {
  return `CAST(${sql} AS ${duckType(type)})`;
}

export function nullOf(type: SqlType): Value {
  return { sql: duckCast("NULL", type), type, constant: true };
}

/** A run-time error in the place of a value of `type`. */
export function errorSql(message: string, type: SqlType): string {
  return duckCast(`error(${message})`, type);
}

/** `struct_pack` of the members' SQL. */
export function packSql(type: StructType, members: readonly string[]): string {
  const parts = type.fields.map(
    (field, index) => `${quoteName(memberName(field, index))} := ${members[index] ?? "NULL"}`,
  );
  return `struct_pack(${parts.join(", ")})`;
}

/** One member of a STRUCT value. */
export function memberSql(base: string, type: StructType, index: number): string {
  const field = type.fields[index];
  if (field === undefined) throw new Error(`STRUCT has no member ${index}`);
  return `struct_extract(${base}, ${quoteText(memberName(field, index))})`;
}
