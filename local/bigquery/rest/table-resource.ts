import type { Table } from "../schema/table.ts";
import { DEFAULT_LOCATION, etagOf } from "./dataset-resource.ts";
import type { JsonObject } from "./input.ts";
import { fieldResource } from "./schema-input.ts";

/** What a client may change and send back: the part of the resource that came from clients. */
export function tableInputResource(table: Table): JsonObject {
  const { metadata, partitioning } = table;
  const sent = metadata.timePartitioning as JsonObject | undefined;
  const expiration = partitioning?.expirationMs;
  const timePartitioning = sent && {
    ...sent,
    ...(expiration === undefined ? {} : { expirationMs: String(expiration) }),
  };
  return {
    ...metadata,
    ...(timePartitioning ? { timePartitioning } : {}),
    ...(table.kind === "TABLE" ? { schema: { fields: table.fields.map(fieldResource) } } : {}),
    ...(table.requirePartitionFilter ? { requirePartitionFilter: true } : {}),
    ...(table.viewQuery === undefined ? {} : { view: { query: table.viewQuery, useLegacySql: false } }),
  };
}

/** The resource as the API sends it. `numRows` is counted by the caller; a view has none. */
export function tableResource(table: Table, baseUrl: string, location: unknown, numRows?: string): JsonObject {
  const { projectId, datasetId, tableId } = table.ref;
  return {
    kind: "bigquery#table",
    etag: tableEtag(table),
    id: `${projectId}:${datasetId}.${tableId}`,
    selfLink: `${baseUrl}/projects/${projectId}/datasets/${datasetId}/tables/${encodeURIComponent(tableId)}`,
    tableReference: table.ref,
    ...tableInputResource(table),
    schema: { fields: table.fields.map(fieldResource) },
    ...(numRows === undefined ? {} : { numRows }),
    creationTime: String(table.createdMs),
    lastModifiedTime: String(table.modifiedMs),
    type: table.kind,
    location: location ?? DEFAULT_LOCATION,
  };
}

export function tableEtag(table: Table): string {
  return etagOf(table);
}

/** The shorter form in which tables.list shows a table. */
export function tableListItem(table: Table): JsonObject {
  const { projectId, datasetId, tableId } = table.ref;
  const { labels, friendlyName, clustering, timePartitioning, requirePartitionFilter } = tableInputResource(table);
  return {
    kind: "bigquery#table",
    id: `${projectId}:${datasetId}.${tableId}`,
    tableReference: table.ref,
    type: table.kind,
    creationTime: String(table.createdMs),
    ...{ labels, friendlyName, clustering, timePartitioning, requirePartitionFilter },
    ...(table.kind === "VIEW" ? { view: { useLegacySql: false } } : {}),
  };
}
