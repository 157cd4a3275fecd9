import type { QueryParameter } from "../sql/statement.ts";
import { ApiError, invalid, notImplemented } from "./api-error.ts";
import {
  asObject,
  type JsonObject,
  optionalBoolean,
  optionalCount,
  optionalObject,
  optionalString,
  refuseOthers,
  requiredString,
} from "./input.ts";
import { readParameters } from "./query-parameter.ts";
import { checkProjectId, datasetRef } from "./reference.ts";

/** A query as both ways of asking for one carry it. */
export interface QueryRequest {
  readonly projectId: string;
  readonly jobId?: string;
  readonly requestId?: string;
  readonly location: string;
  readonly sql: string;
  readonly defaultDataset?: { readonly projectId: string; readonly datasetId: string };
  readonly parameters: readonly QueryParameter[];
  readonly dryRun: boolean;
  readonly jobTimeoutMs?: number;
  /** Size of the request, for the bound on what jobs hold in memory. */
  readonly bytes: number;
  /** What the job's `configuration` shows: as sent. */
  readonly configuration: JsonObject;
}

/** Source: https://cloud.google.com/bigquery/quotas#query_jobs (maximum unresolved standard SQL query length) */
const MAX_SQL_BYTES = 1024 * 1024;
const JOB_ID = /^[\w-]{1,1024}$/;

/** Of a query's configuration: what is obeyed, and what changes nothing here (cost, priority, cache). */
const COMMON = ["query", "useLegacySql", "defaultDataset", "queryParameters", "parameterMode", "useQueryCache"];
const WITHOUT_EFFECT = ["maximumBytesBilled", "priority", "flattenResults", "preserveNulls", "reservation"];
const CONFIGURATION = new Set([...COMMON, ...WITHOUT_EFFECT]);
const JOB_CONFIGURATION = new Set([
  "query",
  "dryRun",
  "labels",
  "jobTimeoutMs",
  "jobType",
  "reservation",
  "load",
  "copy",
  "extract",
]);
const QUERY_REQUEST = new Set([
  ...[...COMMON, ...WITHOUT_EFFECT, "kind", "location", "labels", "requestId", "dryRun", "timeoutMs", "maxResults"],
  ...["formatOptions", "jobCreationMode", "jobTimeoutMs"],
]);

/** Source: https://cloud.google.com/bigquery/docs/reference/rest/v2/jobs/query#QueryRequest */
export function fromQueryBody(projectId: string, body: JsonObject, bytes: number): QueryRequest {
  refuseOthers(body, QUERY_REQUEST, "jobs.query");
  const requestId = optionalString(body.requestId, "requestId");
  const { query, useLegacySql, defaultDataset, queryParameters, parameterMode, useQueryCache, labels } = body;
  const config = { query, useLegacySql, defaultDataset, queryParameters, parameterMode, useQueryCache };
  return {
    ...readQuery(projectId, body, optionalString(body.location, "location")),
    ...(requestId ? { requestId } : {}),
    dryRun: optionalBoolean(body.dryRun, "dryRun") ?? false,
    ...timeout(body),
    bytes,
    configuration: { jobType: "QUERY", query: config, ...(labels ? { labels } : {}) },
  };
}

/** Source: https://cloud.google.com/bigquery/docs/reference/rest/v2/Job */
export function fromJobBody(projectId: string, body: JsonObject, bytes: number): QueryRequest {
  const configuration = asObject(body.configuration, "configuration");
  for (const other of ["load", "extract", "copy"]) {
    if (configuration[other] !== undefined) throw notImplemented(`jobs.insert with configuration.${other}`);
  }
  refuseOthers(configuration, JOB_CONFIGURATION, "configuration");
  const query = asObject(configuration.query, "configuration.query");
  refuseOthers(query, CONFIGURATION, "configuration.query");
  const reference = optionalObject(body.jobReference, "jobReference") ?? {};
  const location = optionalString(reference.location, "jobReference.location");
  return {
    ...readQuery(projectId, query, location),
    ...readJobId(optionalString(reference.jobId, "jobReference.jobId")),
    dryRun: optionalBoolean(configuration.dryRun, "configuration.dryRun") ?? false,
    ...timeout(configuration),
    bytes,
    configuration: { ...configuration, jobType: "QUERY" },
  };
}

function readQuery(projectId: string, query: JsonObject, location = "US") {
  checkProjectId(projectId);
  const sql = requiredString(query.query, "query");
  if (Buffer.byteLength(sql) > MAX_SQL_BYTES) throw invalid("The query is too large: at most 1 MB is allowed", "query");
  // The API's default is legacy SQL; every client that means GoogleSQL says so.
  if (query.useLegacySql !== false) throw notImplemented("legacy SQL (set useLegacySql to false)");
  const dataset = optionalObject(query.defaultDataset, "defaultDataset");
  const parameterMode = optionalString(query.parameterMode, "parameterMode");
  return {
    projectId,
    location: location || "US",
    sql,
    parameters: readParameters(query.queryParameters, parameterMode),
    ...(dataset ? { defaultDataset: readDataset(projectId, dataset) } : {}),
  };
}

function readDataset(projectId: string, dataset: JsonObject) {
  const project = optionalString(dataset.projectId, "defaultDataset.projectId") || projectId;
  return datasetRef(project, requiredString(dataset.datasetId, "defaultDataset.datasetId"));
}

function readJobId(jobId: string | undefined): { jobId?: string } {
  if (!jobId) return {};
  if (JOB_ID.test(jobId)) return { jobId };
  const rule = "Requires only letters, numbers, underscores and dashes, at most 1024 characters";
  throw new ApiError("invalid", `Invalid job ID "${jobId}". ${rule}`, "jobReference.jobId");
}

function timeout(from: JsonObject): { jobTimeoutMs?: number } {
  const jobTimeoutMs = optionalCount(from.jobTimeoutMs, "jobTimeoutMs");
  return jobTimeoutMs ? { jobTimeoutMs } : {};
}
