import type { DuckDBResult } from "@duckdb/node-api";
import { existingTable } from "../engine/table-operations.ts";
import type { Field } from "../schema/field.ts";
import type { Table } from "../schema/table.ts";
import { invalid, notImplemented } from "./api-error.ts";
import type { Handler } from "./context.ts";
import { queryValue } from "./http.ts";
import { optionalCount } from "./input.ts";
import { countRows, fromLiveRows } from "./live-rows.ts";
import { makeToken, readToken } from "./paging.ts";
import { MAX_PAGE_BYTES, withRows } from "./query-page.ts";
import { encodeRows, rowEncoder } from "./result-row.ts";
import { PageCollector } from "./stored-result.ts";
import { tableOf } from "./table-routes.ts";
import { respell, timestampFormat } from "./timestamp-format.ts";
import { quoteName } from "../schema/duck-text.ts";

const MAX_ROWS = 50_000;
const SLICE_ROWS = 256;

/**
 * Rows of a table in the order in which they are stored. The token is the last row's number in the storage, so that
 * rows that arrive between two pages neither move nor hide others; deletions may renumber rows.
 * Source: https://cloud.google.com/bigquery/docs/reference/rest/v2/tabledata/list
 */
export const listRows: Handler = async (request, context) => {
  const table = existingTable(context.store, tableOf(request));
  if (table.kind === "VIEW") throw invalid("Cannot list a table of type VIEW.");
  if (table.fields.some(({ name }) => name.toLowerCase() === "rowid")) {
    throw notImplemented("tabledata.list of a table with a column named rowid");
  }
  const option = (name: string): string | undefined => queryValue(request, name);
  const format = timestampFormat(
    option("formatOptions.useInt64Timestamp"),
    option("formatOptions.timestampOutputFormat"),
  );
  const fields = selectedFields(table, option("selectedFields"));
  const maxRows = Math.min(optionalCount(option("maxResults"), "maxResults") ?? MAX_ROWS, MAX_ROWS);
  const sql = pageSql(
    fromLiveRows(context, table),
    fields,
    maxRows,
    option("pageToken"),
    optionalCount(option("startIndex"), "startIndex"),
  );
  const page = await context.store.query(sql, (result) => readPage(result, fields, maxRows));
  const head = {
    kind: "bigquery#tableDataList",
    totalRows: await countRows(context, table),
    ...(page.next === undefined ? {} : { pageToken: makeToken(page.next) }),
  };
  return { text: withRows(head, respell(page.rows, fields, format)) };
};

/** One row more than the page may have is asked for: only then is there a next page. */
function pageSql(from: string, fields: readonly Field[], maxRows: number, token?: string, startIndex = 0): string {
  const columns = fields.map((field) => quoteName(field.name)).join(", ");
  const after = token ? readToken(token) : undefined;
  if (after !== undefined && !/^\d{1,18}$/.test(after)) throw invalid("Invalid page token", "pageToken");
  const later = after === undefined ? "" : `AND rowid > ${after}`;
  const offset = after === undefined && startIndex > 0 ? `OFFSET ${startIndex}` : "";
  return `SELECT ${columns}, rowid ${from} ${later} ORDER BY rowid LIMIT ${maxRows + 1} ${offset}`;
}

async function readPage(result: DuckDBResult, fields: readonly Field[], maxRows: number) {
  const encoder = rowEncoder(fields);
  const page = new PageCollector(maxRows, MAX_PAGE_BYTES);
  let last: string | undefined;
  for (let chunk = await result.fetchChunk(); chunk && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
    const ids = chunk.getColumnVector(fields.length);
    for (let start = 0; start < chunk.rowCount; start += SLICE_ROWS) {
      const rows = encodeRows(chunk, encoder, start, Math.min(start + SLICE_ROWS, chunk.rowCount));
      for (const [i, row] of rows.entries()) {
        if (!page.add(row)) return { rows: page.rows, next: last ?? "0" };
        last = String(ids.getItem(start + i));
      }
    }
  }
  return { rows: page.rows, next: undefined };
}

/**
 * The columns that `selectedFields` names, in the table's order. Members of RECORDs cannot be chosen one by one.
 */
function selectedFields(table: Table, selected: string | undefined): readonly Field[] {
  if (!selected) return table.fields;
  const names = new Set(selected.split(",").map((name) => name.trim().toLowerCase()));
  const nested = [...names].find((name) => name.includes("."));
  if (nested) throw notImplemented(`selectedFields with a member of a RECORD (${nested})`);
  const fields = table.fields.filter((field) => names.delete(field.name.toLowerCase()));
  const [unknown] = names;
  if (unknown !== undefined) throw invalid(`No such field: ${unknown}`, "selectedFields");
  return fields;
}
