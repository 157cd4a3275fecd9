import { Router } from "express";
import { ApiError, notImplemented } from "./api-error.ts";
import type { Handler, RestContext } from "./context.ts";
import * as datasets from "./dataset-routes.ts";
import { answer } from "./http.ts";
import { insertAll } from "./insert-all.ts";
import * as jobs from "./job-routes.ts";
import { listRows } from "./list-rows.ts";
import * as tables from "./table-routes.ts";

type Method = "get" | "post" | "put" | "patch" | "delete";

const DATASETS = "/projects/:projectId/datasets";
const DATASET = `${DATASETS}/:datasetId`;
const TABLE = `${DATASET}/tables/:tableId`;
const JOBS = "/projects/:projectId/jobs";
const QUERIES = "/projects/:projectId/queries";

/** Every call that is supported. The README's table of calls is made from this list. */
export const ROUTES: readonly (readonly [name: string, method: Method, path: string, handler: Handler])[] = [
  ["datasets.insert", "post", DATASETS, datasets.insertDataset],
  ["datasets.list", "get", DATASETS, datasets.listDatasets],
  ["datasets.get", "get", DATASET, datasets.getDataset],
  ["datasets.patch", "patch", DATASET, datasets.patchDataset],
  ["datasets.update", "put", DATASET, datasets.updateDatasetRoute],
  ["datasets.delete", "delete", DATASET, datasets.deleteDatasetRoute],
  ["tables.insert", "post", `${DATASET}/tables`, tables.insertTable],
  ["tables.list", "get", `${DATASET}/tables`, tables.listTables],
  ["tables.get", "get", TABLE, tables.getTable],
  ["tables.patch", "patch", TABLE, tables.patchTable],
  ["tables.update", "put", TABLE, tables.updateTableRoute],
  ["tables.delete", "delete", TABLE, tables.deleteTableRoute],
  ["tabledata.insertAll", "post", `${TABLE}/insertAll`, insertAll],
  ["tabledata.list", "get", `${TABLE}/data`, listRows],
  ["jobs.insert", "post", JOBS, jobs.insertJob],
  ["jobs.list", "get", JOBS, jobs.listJobs],
  ["jobs.get", "get", `${JOBS}/:jobId`, jobs.getJob],
  ["jobs.cancel", "post", `${JOBS}/:jobId/cancel`, jobs.cancelJob],
  ["jobs.delete", "delete", `${JOBS}/:jobId/delete`, jobs.deleteJob],
  ["jobs.query", "post", QUERIES, jobs.query],
  ["jobs.getQueryResults", "get", `${QUERIES}/:jobId`, jobs.getQueryResults],
];

/** The calls below one base path; what is not among them is refused by name. */
export function apiRouter(context: RestContext): Router {
  const router = Router({ caseSensitive: true });
  for (const [, method, path, handler] of ROUTES) router[method](path, answer(handler, context));
  router.use("/projects", answer(refuseRoute, context));
  return router;
}

/** Uploads with a body of their own (media and resumable ones) are load jobs by another way. */
export function uploadRouter(context: RestContext): Router {
  const router = Router();
  router.use(
    answer(() => {
      throw notImplemented("jobs.insert with configuration.load (media upload)");
    }, context),
  );
  return router;
}

/** Answers paths that are none of the API's. */
export const unknownPath: Handler = (request) => {
  throw new ApiError("notFound", `Not found: ${request.method} ${request.path}`);
};

const refuseRoute: Handler = (request) => {
  throw notImplemented(`${request.method} ${request.baseUrl}${request.path}`);
};
