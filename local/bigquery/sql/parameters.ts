import { type QueryParameter, type QueryParameterType, type QueryParameterValue, SqlError } from "./statement.ts";
import { literalValue, scalarFromText } from "./types/literal.ts";
import { arrayOf, type SqlType } from "./types/sql-type.ts";
import { scalarNamed } from "./types/type-names.ts";
import { duckCast, nullOf, packSql, type Value } from "./types/value.ts";

/**
 * A query parameter as a typed constant.
 *
 * Source: https://cloud.google.com/bigquery/docs/parameterized-queries
 */
export function parameterValue(parameter: QueryParameter): Value {
  return valueOf(parameter.parameterType, parameter.parameterValue);
}

function valueOf(type: QueryParameterType, value: QueryParameterValue | undefined): Value {
  const sqlType = typeOf(type);
  if (sqlType.kind === "ARRAY") return arrayOfValues(type, sqlType, value);
  if (sqlType.kind === "STRUCT") return structOfValues(type, sqlType, value);
  const text = value?.value;
  if (text === null || text === undefined) return nullOf(sqlType);
  if (sqlType.kind === "BYTES") return literalValue("BYTES", Buffer.from(text, "base64").toString("hex"));
  return scalarFromText(sqlType.kind, text, (name) => `Invalid value for type ${name}`);
}

function arrayOfValues(type: QueryParameterType, sqlType: SqlType, value: QueryParameterValue | undefined): Value {
  const { arrayType } = type;
  const items = value?.arrayValues;
  if (arrayType === undefined || items === undefined) return { ...nullOf(sqlType), sql: duckCast("[]", sqlType) };
  const sql = duckCast(`[${items.map((item) => valueOf(arrayType, item).sql).join(", ")}]`, sqlType);
  return { sql, type: sqlType, constant: true };
}

function structOfValues(type: QueryParameterType, sqlType: SqlType, value: QueryParameterValue | undefined): Value {
  const members = value?.structValues;
  if (sqlType.kind !== "STRUCT" || members === undefined) return nullOf(sqlType);
  const sql = (type.structTypes ?? []).map((member) => valueOf(member.type, members[member.name ?? ""]).sql);
  return { sql: packSql(sqlType, sql), type: sqlType, constant: true };
}

function typeOf(type: QueryParameterType): SqlType {
  if (type.type === "ARRAY" && type.arrayType !== undefined) return arrayOf(typeOf(type.arrayType));
  if (type.type === "STRUCT") {
    const fields = (type.structTypes ?? []).map((member) => ({
      type: typeOf(member.type),
      ...(member.name !== undefined && { name: member.name }),
    }));
    return { kind: "STRUCT", fields };
  }
  const kind = scalarNamed(type.type);
  if (kind === undefined)
    throw new SqlError("notImplemented", `parameter type is not supported by the embedded BigQuery: ${type.type}`);
  return { kind };
}
