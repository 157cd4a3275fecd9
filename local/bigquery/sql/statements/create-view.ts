import { tableRef } from "../query/table.ts";
import { Session } from "../session.ts";
import type { Cursor } from "../source/cursor.ts";
import { queryAt } from "../source/statement-query.ts";
import { SqlError, type Statement, type TranslateInput } from "../statement.ts";
import { outputOf } from "./select.ts";
import { readPath } from "./path.ts";

/**
 * CREATE VIEW. The query's text is kept as written; it is translated here for its columns.
 *
 * Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/data-definition-language#create_view_statement
 */
export function createView(cursor: Cursor, input: TranslateInput): Statement {
  cursor.next();
  const orReplace = cursor.takeWords("OR", "REPLACE");
  if (!cursor.takeWords("VIEW"))
    throw new SqlError(
      "notImplemented",
      `statement is not supported by the embedded BigQuery: CREATE ${cursor.peek().text.toUpperCase()}`,
    );
  const ifNotExists = cursor.takeWords("IF", "NOT", "EXISTS");
  if (orReplace && ifNotExists)
    throw new SqlError("invalidQuery", "CREATE VIEW cannot have both OR REPLACE and IF NOT EXISTS");
  const session = new Session({ ...input, parameters: [] });
  const ref = tableRef(readPath(cursor), session);
  if (!cursor.takeWords("AS"))
    throw new SqlError(
      "notImplemented",
      `clause of CREATE VIEW is not supported by the embedded BigQuery: ${cursor.peek().text}`,
    );
  const query = textFrom(cursor);
  const { fields } = outputOf(queryAt(cursor), session);
  return { kind: "createView", ref, query, fields, orReplace, ifNotExists };
}

function textFrom(cursor: Cursor): string {
  const end = cursor.tokens.at(-2)?.end ?? cursor.sql.length;
  return cursor.sql.slice(cursor.peek().start, end);
}
