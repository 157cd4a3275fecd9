import { ApiError, invalid } from "./api-error.ts";
import type { DatasetRef, TableRef } from "../schema/table.ts";

const PROJECT_ID = /^[A-Za-z0-9][A-Za-z0-9.:_-]{0,99}$/;
const DATASET_ID = /^\w{1,1024}$/;
/** Source: https://cloud.google.com/bigquery/docs/tables#table_naming (Unicode categories L, M, N, Pc, Pd, Zs) */
const TABLE_ID = /^[\p{L}\p{M}\p{N}\p{Pc}\p{Pd}\p{Zs}]{1,1024}$/u;

export function checkProjectId(projectId: string): string {
  if (PROJECT_ID.test(projectId)) return projectId;
  throw invalid(`Invalid project ID '${projectId}'.`, "projectId");
}

export function datasetRef(projectId: string, datasetId: string): DatasetRef {
  checkProjectId(projectId);
  if (DATASET_ID.test(datasetId)) return { projectId, datasetId };
  const rule = "Dataset IDs must be alphanumeric (plus underscores) and must be at most 1024 characters long.";
  throw invalid(`Invalid dataset ID "${datasetId}". ${rule}`, "datasetId");
}

export function tableRef(projectId: string, datasetId: string, tableId: string): TableRef {
  const dataset = datasetRef(projectId, datasetId);
  if (tableId.includes("$"))
    throw new ApiError("notImplemented", "Not implemented: partition decorators ($)", "tableId");
  if (TABLE_ID.test(tableId) && Buffer.byteLength(tableId) <= 1024) return { ...dataset, tableId };
  throw invalid(`Invalid table ID "${tableId}".`, "tableId");
}
