import type { Request } from "express";
import { createTable, deleteTable, existingDataset, existingTable, updateTable } from "../engine/table-operations.ts";
import type { Table, TableRef } from "../schema/table.ts";
import { invalid } from "./api-error.ts";
import type { Handler, Reply, RestContext } from "./context.ts";
import { mergePatch } from "./dataset-resource.ts";
import { bodyOf, pathPart, queryValue } from "./http.ts";
import { asObject, type JsonObject, optionalCount, requiredString } from "./input.ts";
import { countRows } from "./live-rows.ts";
import { pageOf, sortedBy } from "./paging.ts";
import { checkIfMatch } from "./precondition.ts";
import { datasetRef, tableRef } from "./reference.ts";
import { changedTable } from "./schema-change.ts";
import { selfBase } from "./self-link.ts";
import { tableDraft, type ViewFields } from "./table-input.ts";
import { tableEtag, tableInputResource, tableListItem, tableResource } from "./table-resource.ts";

const DEFAULT_LIST_SIZE = 50;

/** https://cloud.google.com/bigquery/docs/reference/rest/v2/tables/insert */
export const insertTable: Handler = async (request, context) => {
  const body = bodyOf(request);
  const reference = asObject(body.tableReference, "tableReference");
  const tableId = requiredString(reference.tableId, "tableReference.tableId");
  const ref = tableRef(pathPart(request, "projectId"), pathPart(request, "datasetId"), tableId);
  existingDataset(context.store, ref);
  const table = await createTable(context.store, tableDraft(ref, body, viewFields(context, ref)));
  return resourceReply(request, context, table);
};

/** https://cloud.google.com/bigquery/docs/reference/rest/v2/tables/get */
export const getTable: Handler = (request, context) =>
  resourceReply(request, context, existingTable(context.store, tableOf(request)));

/** https://cloud.google.com/bigquery/docs/reference/rest/v2/tables/list */
export const listTables: Handler = (request, { store }) => {
  const ref = datasetRef(pathPart(request, "projectId"), pathPart(request, "datasetId"));
  existingDataset(store, ref);
  const keyOf = (table: Table): string => table.ref.tableId;
  const sorted = sortedBy(store.catalog.tables(ref.projectId, ref.datasetId), keyOf);
  const max = optionalCount(queryValue(request, "maxResults"), "maxResults") ?? DEFAULT_LIST_SIZE;
  const { items, ...next } = pageOf(sorted, keyOf, max, queryValue(request, "pageToken"));
  const tables = items.length > 0 ? { tables: items.map(tableListItem) } : {};
  return { body: { kind: "bigquery#tableList", ...tables, ...next, totalItems: sorted.length } };
};

/** https://cloud.google.com/bigquery/docs/reference/rest/v2/tables/patch */
export const patchTable: Handler = (request, context) =>
  change(request, context, (current) => mergePatch(tableInputResource(current), bodyOf(request)));

/** https://cloud.google.com/bigquery/docs/reference/rest/v2/tables/update ; a schema that is left out stays. */
export const updateTableRoute: Handler = (request, context) =>
  change(request, context, (current) => {
    const { schema, view } = tableInputResource(current);
    return { ...(schema ? { schema } : {}), ...(view ? { view } : {}), ...bodyOf(request) };
  });

/** https://cloud.google.com/bigquery/docs/reference/rest/v2/tables/delete */
export const deleteTableRoute: Handler = async (request, { store }) => {
  await deleteTable(store, tableOf(request));
  return {};
};

/** The table that a path names. */
export function tableOf(request: Request): TableRef {
  return tableRef(pathPart(request, "projectId"), pathPart(request, "datasetId"), pathPart(request, "tableId"));
}

async function change(request: Request, context: RestContext, next: (current: Table) => JsonObject): Promise<Reply> {
  const ref = tableOf(request);
  const changed = (current: Table): Table => {
    checkIfMatch(request, tableEtag(current));
    return changedTable(current, tableDraft(ref, next(current), viewFields(context, ref), current));
  };
  const current = existingTable(context.store, ref);
  // A view has no storage that columns could be added to: a changed one takes the place of the old.
  const isView = current.kind === "VIEW";
  const updated = isView
    ? await createTable(context.store, changed(current), true)
    : await updateTable(context.store, ref, changed);
  return resourceReply(request, context, updated);
}

async function resourceReply(request: Request, context: RestContext, table: Table): Promise<Reply> {
  const location = context.store.catalog.dataset(table.ref)?.metadata.location;
  const numRows = table.kind === "TABLE" ? await countRows(context, table) : undefined;
  return { body: tableResource(table, selfBase(request), location, numRows) };
}

/** A view's query sees the catalog without a default dataset, as BigQuery has it. */
function viewFields({ translate, store }: RestContext, ref: TableRef): ViewFields {
  return (sql) => {
    const nowMicros = store.clock.nowMicros();
    const statement = translate({ sql, catalog: store.catalog, projectId: ref.projectId, parameters: [], nowMicros });
    if (statement.kind === "select") return statement.fields;
    throw invalid("A view's query must be a SELECT statement", "view.query");
  };
}
