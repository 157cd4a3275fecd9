import { floatText, fraction, numericText, datetimeText } from "../expressions/text.ts";
import { SqlError } from "../statement.ts";
import { unsupported } from "../syntax/node.ts";
import { memberName, type SqlType } from "../types/sql-type.ts";
import { memberSql } from "../types/value.ts";
import { type CallInfo, type Emit, scalars } from "./entry.ts";
import { quoteText } from "../../schema/duck-text.ts";

const STEP = /\.([A-Za-z_][\w-]*)|\."((?:[^"\\])*)"|\[(\d+)\]/y;

/** A literal JSONPath in DuckDB's spelling, with every key quoted. */
function pathSql(call: CallInfo): string {
  const path = call.values[1];
  if (path === undefined) return "'$'";
  if (path.literal !== "string" || path.text === undefined)
    throw unsupported("argument", "JSONPath that is no string literal");
  const { text } = path;
  if (!text.startsWith("$")) throw new SqlError("invalidQuery", `JSONPath must start with '$': ${text}`);
  let sql = "$";
  STEP.lastIndex = 1;
  while (STEP.lastIndex < text.length) {
    const match = STEP.exec(text);
    if (match === null) throw unsupported("JSONPath", text);
    const key = match[1] ?? match[2];
    sql += key === undefined ? `[${match[3] ?? ""}]` : `."${key}"`;
  }
  return quoteText(sql);
}

/**
 * A JSON text with each number made a string, so that DuckDB hands it out as it was written. Strings are passed over whole.
 * The pattern matches once more at the end, where it finds the space and no number: what that adds is cut off.
 */
function withNumbersAsText(json: string): string {
  const pattern = quoteText(String.raw`((?:"(?:[^"\\]|\\.)*"|[^"0-9-])*)(-?[0-9][0-9.eE+-]*|$)`);
  const quoted = `regexp_replace(${json} || ' ', ${pattern}, '\\1"\\2"', 'g')`;
  return `${quoted}[:-3]`;
}

/** A scalar as text; NULL for objects, arrays and null. */
const value: Emit = (args, call) =>
  call.values[0]?.type.kind === "STRING" ? textValue(args, call) : jsonValue(args, call);

/** Of a STRING: a number is as it was written. */
const textValue: Emit = ([json = ""], call) => {
  const path = pathSql(call);
  const number = `json_extract_string(${withNumbersAsText(json)}, ${path})`;
  return `CASE json_type(${json}, ${path}) WHEN 'OBJECT' THEN NULL WHEN 'ARRAY' THEN NULL WHEN 'NULL' THEN NULL WHEN 'VARCHAR' THEN json_extract_string(${json}, ${path}) WHEN 'BOOLEAN' THEN json_extract_string(${json}, ${path}) ELSE ${number} END`;
};

/** Of a JSON: a number is in its shortest spelling. One that DuckDB might spell differently is an error. */
const jsonValue: Emit = ([json = ""], call) => {
  const path = pathSql(call);
  const text = `json_extract_string(${json}, ${path})`;
  const strange = `CAST(error('this JSON number is not supported by the embedded BigQuery: ' || ${text}) AS VARCHAR)`;
  const double = `CASE WHEN regexp_full_match(${text}, '-?[0-9]{1,15}[.][0-9]{1,6}') THEN ${text} ELSE ${strange} END`;
  return `CASE json_type(${json}, ${path}) WHEN 'OBJECT' THEN NULL WHEN 'ARRAY' THEN NULL WHEN 'NULL' THEN NULL WHEN 'DOUBLE' THEN ${double} ELSE ${text} END`;
};

const query: Emit = ([json = ""], call) => `json_extract(${json}, ${pathSql(call)})`;

/**
 * A value as JSON text.
 *
 * Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/json_functions#json_encodings
 */
function jsonText(sql: string, type: SqlType, depth = 0): string {
  return `CASE WHEN ${sql} IS NULL THEN 'null' ELSE ${presentText(sql, type, depth)} END`;
}

function presentText(sql: string, type: SqlType, depth: number): string {
  switch (type.kind) {
    case "ARRAY": {
      const item = `e${depth}`;
      return `'[' || coalesce(array_to_string(list_transform(${sql}, lambda ${item}: ${jsonText(item, type.element, depth + 1)}), ','), '') || ']'`;
    }
    case "STRUCT": {
      const members = type.fields.map(
        (field, index) =>
          `${quoteText(JSON.stringify(memberName(field, index)) + ":")} || ${jsonText(memberSql(sql, type, index), field.type, depth)}`,
      );
      return `'{' || ${members.join(` || ',' || `)} || '}'`;
    }
    case "INT64":
      return `CASE WHEN ${sql} BETWEEN -9007199254740992 AND 9007199254740992 THEN CAST(${sql} AS VARCHAR) ELSE '"' || CAST(${sql} AS VARCHAR) || '"' END`;
    case "FLOAT64":
      return `CASE WHEN isnan(${sql}) THEN '"NaN"' WHEN isinf(${sql}) THEN CASE WHEN ${sql} > 0 THEN '"Infinity"' ELSE '"-Infinity"' END ELSE ${floatText(sql)} END`;
    case "BOOL":
      return `CAST(${sql} AS VARCHAR)`;
    case "STRING":
      return `CAST(to_json(${sql}) AS VARCHAR)`;
    case "BYTES":
      return `'"' || to_base64(${sql}) || '"'`;
    case "DATE":
      return `'"' || strftime(${sql}, '%Y-%m-%d') || '"'`;
    case "DATETIME":
      return `'"' || replace(${datetimeText(sql)}, ' ', 'T') || '"'`;
    case "TIMESTAMP":
      return `'"' || strftime(CAST(${sql} AS TIMESTAMP), '%Y-%m-%dT%H:%M:%S') || ${fraction(`CAST(${sql} AS TIMESTAMP)`)} || 'Z"'`;
    case "NUMERIC":
      return numericText(sql);
    case "TIME":
    case "JSON":
      throw unsupported("argument", `TO_JSON_STRING of ${type.kind}`);
  }
}

/** JSON functions. Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/json_functions */
export const JSONS = scalars("json_functions", [
  ["JSON_VALUE(JSON[, STRING]) -> STRING", value],
  ["JSON_VALUE(STRING[, STRING]) -> STRING", value],
  ["JSON_EXTRACT_SCALAR(JSON[, STRING]) -> STRING", value],
  ["JSON_EXTRACT_SCALAR(STRING[, STRING]) -> STRING", value],
  ["JSON_QUERY(JSON[, STRING]) -> JSON", query],
  ["JSON_EXTRACT(JSON[, STRING]) -> JSON", query],
  ["PARSE_JSON(STRING) -> JSON", "CAST($1 AS JSON)"],
  ["TO_JSON_STRING(T) -> STRING", ([sql = ""], call) => jsonText(sql, call.values[0]?.type ?? { kind: "STRING" })],
]);
