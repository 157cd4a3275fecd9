import { tableRef } from "../query/table.ts";
import { Session } from "../session.ts";
import type { Cursor } from "../source/cursor.ts";
import { SqlError, type Statement, type TranslateInput } from "../statement.ts";
import { readPath } from "./path.ts";

/** DROP TABLE and DROP VIEW. Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/data-definition-language#drop_table_statement */
export function dropTarget(cursor: Cursor, input: TranslateInput): Statement {
  cursor.next();
  const target = cursor.peek().text.toUpperCase();
  if (target !== "TABLE" && target !== "VIEW")
    throw new SqlError("notImplemented", `statement is not supported by the embedded BigQuery: DROP ${target}`);
  cursor.next();
  const ifExists = cursor.takeWords("IF", "EXISTS");
  const ref = tableRef(readPath(cursor), new Session(input));
  if (cursor.peek().kind !== "end") throw cursor.unexpected("end of input");
  return { kind: "drop", target, ref, ifExists };
}
