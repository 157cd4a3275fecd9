import { SqlError } from "../statement.ts";
import { scalarFromText } from "./literal.ts";
import {
  arrayOf,
  DATETIME,
  FLOAT64,
  INT64,
  NUMERIC,
  sameType,
  type SqlType,
  type StructType,
  typeText,
} from "./sql-type.ts";
import { duckCast, memberSql, nullOf, packSql, type Value } from "./value.ts";

const TEMPORAL = ["DATE", "DATETIME", "TIME", "TIMESTAMP"] as const;

/**
 * `value` as a value of `type` where GoogleSQL coerces implicitly, else undefined.
 *
 * Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/conversion_rules#coercion
 */
export function coerce(value: Value, type: SqlType): Value | undefined {
  if (value.literal === "null") return nullOf(type);
  if (sameType(value.type, type)) return value;
  if (type.kind === "ARRAY") return coerceArray(value, type.element);
  if (type.kind === "STRUCT") return coerceStruct(value, type);
  if (value.literal === "string") return coerceText(value, type);
  if (value.literal === "number" && type.kind === "NUMERIC")
    return scalarFromText("NUMERIC", value.text ?? "", (to) => `Invalid ${to} value`);
  const [from, to] = [value.type.kind, type.kind];
  if (from === "INT64" && (to === "NUMERIC" || to === "FLOAT64"))
    return { ...plain(value), sql: duckCast(value.sql, type), type };
  if (from === "NUMERIC" && to === "FLOAT64") return { ...plain(value), sql: numericToFloat(value.sql), type };
  if (from === "DATE" && to === "DATETIME") return { ...plain(value), sql: duckCast(value.sql, type), type };
  return undefined;
}

/** What a conversion keeps: that the value is a constant, and a number's text. */
function plain(value: Value): Pick<Value, "constant" | "literal" | "text"> {
  const { literal, text } = value;
  const number = literal === "number" && text !== undefined ? { literal, text } : {};
  return value.constant === true ? { constant: true, ...number } : {};
}

/** Through text, because a division of the scaled integer may round twice. */
export function numericToFloat(sql: string): string {
  return `CAST(CAST(${sql} AS VARCHAR) AS DOUBLE)`;
}

function coerceText(value: Value, type: SqlType): Value | undefined {
  const kind = TEMPORAL.find((temporal) => temporal === type.kind);
  return kind === undefined
    ? undefined
    : scalarFromText(kind, value.text ?? "", (to) => `Could not cast literal to type ${to}`);
}

function coerceArray(value: Value, element: SqlType): Value | undefined {
  const type = arrayOf(element);
  if (value.literal === "emptyArray") return { sql: duckCast("[]", type), type, constant: true };
  if (value.type.kind !== "ARRAY" || value.items === undefined) return undefined;
  const items = value.items.map((item) => coerce(item, element));
  return items.some((item) => item === undefined) ? undefined : arrayValue(items as Value[], element);
}

/** An array constructor of items that have the element type. */
export function arrayValue(items: readonly Value[], element: SqlType): Value {
  const type = arrayOf(element);
  return { sql: duckCast(`[${items.map((item) => item.sql).join(", ")}]`, type), type, items };
}

function coerceStruct(value: Value, type: StructType): Value | undefined {
  if (value.type.kind !== "STRUCT" || value.type.fields.length !== type.fields.length) return undefined;
  const from = value.type;
  const members = type.fields.map((field, index) => {
    const member = from.fields[index];
    if (member === undefined) return undefined;
    return coerce(value.items?.[index] ?? { sql: memberSql(value.sql, from, index), type: member.type }, field.type);
  });
  if (members.some((member) => member === undefined)) return undefined;
  const sql = packSql(
    type,
    (members as Value[]).map((member) => member.sql),
  );
  const guarded = value.items === undefined ? `CASE WHEN ${value.sql} IS NOT NULL THEN ${sql} END` : sql;
  return { sql: guarded, type, ...(value.items && { items: members as Value[] }) };
}

/**
 * The type that all values coerce to, or undefined.
 *
 * Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/conversion_rules#supertypes
 */
export function supertype(values: readonly Value[]): SqlType | undefined {
  const typed = values.filter((value) => value.literal !== "null" && value.literal !== "emptyArray");
  if (typed.length === 0) return values.find((value) => value.literal !== "null")?.type ?? INT64;
  const firm = typed.filter((value) => value.literal === undefined);
  const candidates = [...(firm.length > 0 ? firm : typed), ...typed].map((value) => value.type);
  return [...candidates, ...widened(candidates)].find((type) =>
    values.every((value) => coerce(value, type) !== undefined),
  );
}

function widened(types: readonly SqlType[]): SqlType[] {
  const kinds = new Set(types.map((type) => type.kind));
  if (kinds.has("DATETIME")) return [DATETIME];
  return kinds.has("INT64") || kinds.has("NUMERIC") || kinds.has("FLOAT64") ? [NUMERIC, FLOAT64] : [];
}

/** All values as one type; `what` names the place in the error. */
export function unify(
  values: readonly Value[],
  what: string,
): { readonly type: SqlType; readonly values: readonly Value[] } {
  const type = supertype(values);
  if (type === undefined) {
    throw new SqlError("invalidQuery", `No matching signature for ${what} for argument types: ${typeList(values)}`);
  }
  return { type, values: values.map((value) => coerce(value, type) ?? value) };
}

/** The argument types of a message, as BigQuery lists them. */
export function typeList(values: readonly Value[]): string {
  return values.map((value) => (value.literal === "null" ? "NULL" : typeText(value.type))).join(", ");
}

/** `value` as `type`, or an error. */
export function expect(value: Value, type: SqlType, what: string): Value {
  const coerced = coerce(value, type);
  if (coerced === undefined)
    throw new SqlError("invalidQuery", `${what} should be type ${typeText(type)}, but returns ${typeText(value.type)}`);
  return coerced;
}
