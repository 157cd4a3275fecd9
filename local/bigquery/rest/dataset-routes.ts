import type { Request } from "express";
import type { Dataset, DatasetRef } from "../schema/table.ts";
import { createDataset, deleteDataset, existingDataset, updateDataset } from "../engine/table-operations.ts";
import { notImplemented } from "./api-error.ts";
import type { Handler, RestContext } from "./context.ts";
import { datasetMetadata, datasetResource, mergePatch } from "./dataset-resource.ts";
import { bodyOf, pathPart, queryValue } from "./http.ts";
import { asObject, optionalBoolean, optionalCount, requiredString } from "./input.ts";
import { pageOf, sortedBy } from "./paging.ts";
import { checkIfMatch } from "./precondition.ts";
import { checkProjectId, datasetRef } from "./reference.ts";
import { selfBase } from "./self-link.ts";

/** https://cloud.google.com/bigquery/docs/reference/rest/v2/datasets/insert */
export const insertDataset: Handler = async (request, { store }) => {
  const body = bodyOf(request);
  const reference = asObject(body.datasetReference, "datasetReference");
  const ref = datasetRef(
    pathPart(request, "projectId"),
    requiredString(reference.datasetId, "datasetReference.datasetId"),
  );
  const dataset = await createDataset(store, ref, datasetMetadata(body));
  return { body: datasetResource(dataset, selfBase(request)) };
};

/** https://cloud.google.com/bigquery/docs/reference/rest/v2/datasets/get */
export const getDataset: Handler = (request, { store }) => {
  return { body: datasetResource(existingDataset(store, refOf(request)), selfBase(request)) };
};

/** https://cloud.google.com/bigquery/docs/reference/rest/v2/datasets/list */
export const listDatasets: Handler = (request, { store }) => {
  const projectId = checkProjectId(pathPart(request, "projectId"));
  if (queryValue(request, "filter")) throw notImplemented("datasets.list with a filter");
  const keyOf = (dataset: Dataset): string => dataset.ref.datasetId;
  const sorted = sortedBy(store.catalog.datasets(projectId), keyOf);
  const max = optionalCount(queryValue(request, "maxResults"), "maxResults");
  const { items, ...next } = pageOf(sorted, keyOf, max, queryValue(request, "pageToken"));
  const datasets = items.map((dataset) => {
    const { kind, id, datasetReference, labels, friendlyName, location } = datasetResource(dataset, selfBase(request));
    return { kind, id, datasetReference, labels, friendlyName, location };
  });
  return { body: { kind: "bigquery#datasetList", ...(datasets.length > 0 ? { datasets } : {}), ...next } };
};

/** https://cloud.google.com/bigquery/docs/reference/rest/v2/datasets/patch */
export const patchDataset: Handler = (request, context) =>
  change(request, context, (current) => mergePatch(current.metadata, bodyOf(request)));

/** https://cloud.google.com/bigquery/docs/reference/rest/v2/datasets/update */
export const updateDatasetRoute: Handler = (request, context) => change(request, context, () => bodyOf(request));

/** https://cloud.google.com/bigquery/docs/reference/rest/v2/datasets/delete */
export const deleteDatasetRoute: Handler = async (request, { store }) => {
  await deleteDataset(
    store,
    refOf(request),
    optionalBoolean(queryValue(request, "deleteContents"), "deleteContents") ?? false,
  );
  return {};
};

async function change(request: Request, { store }: RestContext, next: (current: Dataset) => object) {
  const current = existingDataset(store, refOf(request));
  checkIfMatch(request, datasetResource(current, selfBase(request)).etag);
  const metadata = datasetMetadata({ location: current.metadata.location, ...next(current) });
  const updated = await updateDataset(store, current.ref, metadata);
  return { body: datasetResource(updated, selfBase(request)) };
}

function refOf(request: Request): DatasetRef {
  return datasetRef(pathPart(request, "projectId"), pathPart(request, "datasetId"));
}
