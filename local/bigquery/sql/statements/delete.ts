import { condition } from "../expressions/operators.ts";
import { livePartitions } from "../query/expiration.ts";
import { checkNeeds, unmetNeeds } from "../query/partition-filter.ts";
import { findTable, tableRelation } from "../query/table.ts";
import { Scope } from "../scope.ts";
import { Session } from "../session.ts";
import type { Cursor } from "../source/cursor.ts";
import { queryAt } from "../source/statement-query.ts";
import { tokenize } from "../source/lexer.ts";
import { Cursor as TokenCursor } from "../source/cursor.ts";
import { SqlError, type Statement, type TranslateInput } from "../statement.ts";
import { unsupported } from "../syntax/node.ts";
import type { Table } from "../../schema/table.ts";
import { readPath } from "./path.ts";
import { topContext } from "./select.ts";
import { quoteName } from "../../schema/duck-text.ts";

/**
 * DELETE. Its WHERE is read as that of a query over the same table.
 *
 * Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/dml-syntax#delete_statement
 */
export function deleteRows(cursor: Cursor, input: TranslateInput): Statement {
  cursor.next();
  cursor.takeWords("FROM");
  const session = new Session(input);
  const path = readPath(cursor);
  const table = findTable(path, session);
  if (table.kind === "VIEW") throw new SqlError("invalidQuery", `Cannot delete from view ${path.join(".")}`);
  const isAliased = cursor.takeWords("AS") || !cursor.isWord("WHERE");
  const alias = isAliased && cursor.peek().kind !== "end" ? cursor.name() : undefined;
  if (cursor.peek().kind === "end") throw new SqlError("invalidQuery", "DELETE must have a WHERE clause");
  if (!cursor.isWord("WHERE")) throw cursor.unexpected("keyword WHERE");
  return { kind: "delete", table, duckSql: deleteSql(cursor, table, path, alias, session) };
}

function deleteSql(
  cursor: Cursor,
  table: Table,
  path: readonly string[],
  alias: string | undefined,
  session: Session,
): string {
  const context = topContext(session);
  const { relations, needs } = tableRelation(path, alias, context);
  const [relation] = relations;
  if (relation === undefined) throw new Error("a table is one relation");
  const target = quoteName("target");
  const columns = relation.columns.map((column) => ({ ...column, sql: `${target}.${quoteName(column.name ?? "")}` }));
  const filter = {
    ...context,
    scope: new Scope([{ ...relation, columns }]),
    noAggregates: "WHERE clause",
    noWindows: "WHERE clause",
  };
  const where = whereOf(cursor);
  const sql = condition(where, filter, "WHERE clause");
  checkNeeds(unmetNeeds(needs, where, filter));
  const live = livePartitions(table, session.input.nowMicros);
  const alive = live === undefined ? "" : ` AND (${live})`;
  return `DELETE FROM ${quoteName(table.storageName)} AS ${target} WHERE ${sql}${alive}`;
}

/** The condition from WHERE to the end, which is read as the WHERE of a SELECT. */
function whereOf(
  cursor: Cursor,
): NonNullable<Extract<ReturnType<typeof queryAt>["body"], { kind: "select" }>["where"]> {
  const head = tokenize("SELECT 1 FROM t").slice(0, -1);
  const query = queryAt(new TokenCursor(cursor.sql, [...head, ...cursor.tokens.slice(cursor.at)]));
  const { body } = query;
  if (!("kind" in body) || body.kind !== "select" || body.where === undefined) throw unsupported("statement", "DELETE");
  const isPlain =
    query.orderBy.length === 0 && query.limit === undefined && query.offset === undefined && query.ctes.length === 0;
  const hasMore =
    body.groupBy.length > 0 ||
    body.groupByAll ||
    body.having !== undefined ||
    body.qualify !== undefined ||
    body.windows.length > 0;
  if (!isPlain || hasMore) throw unsupported("clause of DELETE", "after WHERE");
  return body.where;
}
