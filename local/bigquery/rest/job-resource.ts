import { errorProto } from "./api-error.ts";
import type { Job } from "./job.ts";
import type { JsonObject } from "./input.ts";
import { fieldResource } from "./schema-input.ts";

/** Source: https://cloud.google.com/bigquery/docs/reference/rest/v2/Job */
export function jobResource(job: Job, baseUrl: string): JsonObject {
  const { projectId, location, configuration } = job.request;
  return {
    kind: "bigquery#job",
    etag: `${job.id}-${job.endedMs ?? "running"}`,
    id: `${projectId}:${location}.${job.id}`,
    selfLink: `${baseUrl}/projects/${projectId}/jobs/${job.id}?location=${location}`,
    jobReference: jobReference(job),
    configuration,
    status: jobStatus(job),
    statistics: jobStatistics(job),
  };
}

export function jobReference(job: Job): JsonObject {
  return { projectId: job.request.projectId, jobId: job.id, location: job.request.location };
}

/** The shorter form in which jobs.list shows a job. */
export function jobListItem(job: Job): JsonObject {
  const { configuration } = job.request;
  const { errorResult, state } = jobStatus(job);
  const id = `${job.request.projectId}:${job.request.location}.${job.id}`;
  const status = { state, ...(errorResult ? { errorResult } : {}) };
  const reference = jobReference(job);
  const parts = { ...status, status, statistics: jobStatistics(job), configuration };
  return { kind: "bigquery#job", id, jobReference: reference, ...parts };
}

/** What a DML statement did, for results and statistics; empty for other statements. */
export function dmlResult(job: Job): JsonObject {
  const { changedRows, statementType } = job.outcome ?? {};
  if (changedRows === undefined) return {};
  const rows = String(changedRows);
  const dmlStats = statementType === "INSERT" ? { insertedRowCount: rows } : { deletedRowCount: rows };
  return { numDmlAffectedRows: rows, dmlStats };
}

export function jobStatus(job: Job): JsonObject {
  if (!job.outcome) return { state: "RUNNING" };
  const { error } = job.outcome;
  return error ? { state: "DONE", errorResult: errorProto(error), errors: [errorProto(error)] } : { state: "DONE" };
}

function jobStatistics(job: Job): JsonObject {
  const { statementType, ddlOperation, target, fields } = job.outcome ?? {};
  return {
    creationTime: String(job.createdMs),
    startTime: String(job.createdMs),
    ...(job.endedMs === undefined ? {} : { endTime: String(job.endedMs) }),
    totalBytesProcessed: "0",
    query: {
      totalBytesProcessed: "0",
      totalBytesBilled: "0",
      cacheHit: false,
      ...(statementType ? { statementType } : {}),
      ...(ddlOperation ? { ddlOperationPerformed: ddlOperation, ddlTargetTable: target } : {}),
      ...(fields ? { schema: { fields: fields.map(fieldResource) } } : {}),
      ...dmlResult(job),
    },
  };
}
