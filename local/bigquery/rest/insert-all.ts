import type { DuckDBValue } from "@duckdb/node-api";
import type { RowBatch } from "../engine/row-batch.ts";
import type { Table } from "../schema/table.ts";
import { existingTable } from "../engine/table-operations.ts";
import { ApiError, invalid, notImplemented } from "./api-error.ts";
import type { Handler } from "./context.ts";
import { bodyBytes, bodyOf } from "./http.ts";
import { asObject, type JsonObject, optionalArray, optionalBoolean, optionalString, refuseOthers } from "./input.ts";
import { readMembers, type ReadOptions } from "./json-value.ts";
import { tableOf } from "./table-routes.ts";
import { ValueError } from "./value-error.ts";

/** Source: https://cloud.google.com/bigquery/quotas#streaming_inserts (maximum rows per request) */
const MAX_ROWS = 50_000;
/** Rows of all clients that wait for the disk; beyond it clients are told to come again. */
const MAX_BACKLOG_BYTES = 64 * 1024 * 1024;
const ALLOWED = new Set(["kind", "rows", "skipInvalidRows", "ignoreUnknownValues"]);

interface ReadRows {
  readonly good: readonly (readonly DuckDBValue[])[];
  readonly errors: readonly RowErrors[];
}
interface RowErrors {
  readonly index: number;
  readonly errors: readonly object[];
}

/**
 * Stores rows of JSON, all or none unless `skipInvalidRows`. What is answered without errors is on disk.
 *
 * `insertId` is accepted and not used: BigQuery de-duplicates by it for about a minute and promises nothing, so a
 * program that counts on it is wrong, and here it shows.
 * Source: https://cloud.google.com/bigquery/docs/reference/rest/v2/tabledata/insertAll
 */
export const insertAll: Handler = async (request, { store }) => {
  const table = existingTable(store, tableOf(request));
  const { projectId, datasetId, tableId } = table.ref;
  const body = bodyOf(request);
  if (body.templateSuffix) throw notImplemented("tabledata.insertAll with templateSuffix");
  refuseOthers(body, ALLOWED, "tabledata.insertAll");
  if (table.kind === "VIEW")
    throw invalid(`Cannot add rows to a table of type VIEW: ${projectId}:${datasetId}.${tableId}`);
  if (store.writer.backlogBytes > MAX_BACKLOG_BYTES) throw new ApiError("backendError", "Too many rows are waiting");
  const skipInvalid = optionalBoolean(body.skipInvalidRows, "skipInvalidRows") ?? false;
  const ignoreUnknown = optionalBoolean(body.ignoreUnknownValues, "ignoreUnknownValues") ?? false;
  const rows = inputRows(body);
  const { good, errors } = readRows(table, rows, { ignoreUnknown });
  if (errors.length > 0 && !skipInvalid) return { body: answerOf(withStopped(errors, rows.length)) };
  if (good.length > 0) {
    const outcome = await store.append({ table, batch: batchOf(table, good, bodyBytes(request)) });
    if (outcome.kind !== "store") {
      throw new ApiError("notFound", `Not found: Table ${projectId}:${datasetId}.${tableId}`);
    }
  }
  return { body: answerOf(errors) };
};

function inputRows(body: JsonObject): readonly JsonObject[] {
  const rows = optionalArray(body.rows, "rows") ?? [];
  if (rows.length === 0) throw invalid("No rows present in the request.", "rows");
  if (rows.length > MAX_ROWS)
    throw invalid(`Too many rows present in the request, limit: ${MAX_ROWS} row count: ${rows.length}.`);
  return rows.map((row, i) => {
    const { json, insertId, ...others } = asObject(row, `rows[${i}]`);
    refuseOthers(others, new Set(), `rows[${i}]`);
    if (typeof insertId !== "number") optionalString(insertId, `rows[${i}].insertId`);
    return asObject(json ?? {}, `rows[${i}].json`);
  });
}

function readRows(table: Table, rows: readonly JsonObject[], options: ReadOptions): ReadRows {
  const good: DuckDBValue[][] = [];
  const errors: RowErrors[] = [];
  rows.forEach((row, index) => {
    try {
      good.push(readMembers(table.fields, row, "", options));
    } catch (error) {
      if (!(error instanceof ValueError)) throw error;
      errors.push({ index, errors: [insertError("invalid", error.location, error.message)] });
    }
  });
  return { good, errors };
}

/** When nothing is stored, the rows without fault are reported as `stopped`. */
function withStopped(errors: readonly RowErrors[], rowCount: number): readonly RowErrors[] {
  const bad = new Map(errors.map((entry) => [entry.index, entry]));
  const stopped = [insertError("stopped", "", "")];
  return Array.from({ length: rowCount }, (_, index) => bad.get(index) ?? { index, errors: stopped });
}

function insertError(reason: string, location: string, message: string): object {
  return { reason, location, debugInfo: "", message };
}

function batchOf(table: Table, rows: readonly (readonly DuckDBValue[])[], bytes: number): RowBatch {
  const columns = table.fields.map((_, column) => rows.map((row) => row[column] ?? null));
  return { columns, rowCount: rows.length, bytes };
}

function answerOf(insertErrors: readonly RowErrors[]): object {
  return { kind: "bigquery#tableDataInsertAllResponse", ...(insertErrors.length > 0 ? { insertErrors } : {}) };
}
