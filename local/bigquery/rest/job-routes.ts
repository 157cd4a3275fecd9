import type { Request } from "express";
import { ApiError, notImplemented } from "./api-error.ts";
import type { Handler, Reply, RestContext } from "./context.ts";
import { bodyBytes, bodyOf, pathPart, queryValue } from "./http.ts";
import { type JsonObject, optionalCount, optionalObject } from "./input.ts";
import type { Job } from "./job.ts";
import { jobListItem, jobResource } from "./job-resource.ts";
import { startJob, statementTypeOf, stopJob, translateRequest } from "./job-runner.ts";
import { makeToken, readToken } from "./paging.ts";
import { MAX_PAGE_ROWS, pageStart, queryAnswer } from "./query-page.ts";
import { fromJobBody, fromQueryBody, type QueryRequest } from "./query-request.ts";
import { checkProjectId } from "./reference.ts";
import { fieldResource } from "./schema-input.ts";
import { selfBase } from "./self-link.ts";
import { timestampFormat } from "./timestamp-format.ts";

/** Source: `timeoutMs` in https://cloud.google.com/bigquery/docs/reference/rest/v2/jobs/query#QueryRequest */
const DEFAULT_WAIT_MS = 10_000;
const MAX_WAIT_MS = 200_000;
const DEFAULT_LIST_SIZE = 50;

/** https://cloud.google.com/bigquery/docs/reference/rest/v2/jobs/insert */
export const insertJob: Handler = async (request, context) => {
  const query = fromJobBody(pathPart(request, "projectId"), bodyOf(request), bodyBytes(request));
  if (query.dryRun) return { body: dryRunJob(request, context, query) };
  const job = startJob(query, context);
  // One turn of the event loop: a statement that cannot be translated has failed by then, and the answer says so.
  await new Promise(setImmediate);
  return { body: jobResource(job, selfBase(request)) };
};

/** https://cloud.google.com/bigquery/docs/reference/rest/v2/jobs/query */
export const query: Handler = async (request, context) => {
  const body = bodyOf(request);
  const wanted = fromQueryBody(pathPart(request, "projectId"), body, bodyBytes(request));
  const options = optionalObject(body.formatOptions, "formatOptions") ?? {};
  const format = timestampFormat(options.useInt64Timestamp, options.timestampOutputFormat);
  const maxRows = pageRows(body.maxResults);
  const waitMs = optionalCount(body.timeoutMs, "timeoutMs") ?? DEFAULT_WAIT_MS;
  if (wanted.dryRun) return { body: dryRunAnswer(context, wanted) };
  const job = context.jobs.findByRequestId(wanted) ?? startJob(wanted, context);
  await waitFor(job, waitMs, context);
  return { text: await queryAnswer("bigquery#queryResponse", job, { start: 0, maxRows, format }) };
};

/** https://cloud.google.com/bigquery/docs/reference/rest/v2/jobs/getQueryResults */
export const getQueryResults: Handler = async (request, context) => {
  const job = jobOf(request, context);
  const option = (name: string): string | undefined => queryValue(request, name);
  const format = timestampFormat(
    option("formatOptions.useInt64Timestamp"),
    option("formatOptions.timestampOutputFormat"),
  );
  const startRow = pageStart(option("pageToken"), optionalCount(option("startIndex"), "startIndex"));
  const maxRows = pageRows(option("maxResults"));
  await waitFor(job, optionalCount(option("timeoutMs"), "timeoutMs") ?? DEFAULT_WAIT_MS, context);
  return { text: await queryAnswer("bigquery#getQueryResultsResponse", job, { start: startRow, maxRows, format }) };
};

/** https://cloud.google.com/bigquery/docs/reference/rest/v2/jobs/get */
export const getJob: Handler = (request, context) => ({
  body: jobResource(jobOf(request, context), selfBase(request)),
});

/** https://cloud.google.com/bigquery/docs/reference/rest/v2/jobs/list ; newest first. */
export const listJobs: Handler = (request, { jobs }) => {
  if (queryValue(request, "parentJobId")) throw notImplemented("jobs.list with parentJobId");
  const max = optionalCount(queryValue(request, "maxResults"), "maxResults") ?? DEFAULT_LIST_SIZE;
  const token = queryValue(request, "pageToken");
  const wanted = jobs.list(checkProjectId(pathPart(request, "projectId"))).filter(jobFilter(request));
  const from = token ? wanted.findIndex((job) => job.id === readToken(token)) + 1 : 0;
  const items = wanted.slice(from, from + max);
  const last = items.at(-1);
  const next = last && from + items.length < wanted.length ? { nextPageToken: makeToken(last.id) } : {};
  return { body: { kind: "bigquery#jobList", ...next, jobs: items.map(jobListItem) } };
};

/** https://cloud.google.com/bigquery/docs/reference/rest/v2/jobs/cancel ; DML that has begun is not undone. */
export const cancelJob: Handler = (request, context) => {
  const job = jobOf(request, context);
  stopJob(job, context, "User requested cancellation");
  return { body: { kind: "bigquery#jobCancelResponse", job: jobResource(job, selfBase(request)) } };
};

/** https://cloud.google.com/bigquery/docs/reference/rest/v2/jobs/delete */
export const deleteJob: Handler = (request, context) => {
  const job = jobOf(request, context);
  if (!job.outcome) throw new ApiError("invalid", `Cannot delete job ${job.id}: it is running`);
  context.jobs.remove(job);
  return {};
};

function jobOf(request: Request, { jobs }: RestContext): Job {
  return jobs.get(checkProjectId(pathPart(request, "projectId")), pathPart(request, "jobId"));
}

function pageRows(maxResults: unknown): number {
  return Math.min(optionalCount(maxResults, "maxResults") ?? MAX_PAGE_ROWS, MAX_PAGE_ROWS);
}

async function waitFor(job: Job, ms: number, { store }: RestContext): Promise<void> {
  if (job.outcome) return;
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const timer = store.clock.setTimer(Math.min(ms, MAX_WAIT_MS), () => resolve(undefined));
  await Promise.race([job.done, promise]);
  timer.clear();
}

function jobFilter(request: Request): (job: Job) => boolean {
  const states: unknown = request.query.stateFilter;
  const wanted = (Array.isArray(states) ? states : states === undefined ? [] : [states]).map((state) =>
    String(state).toLowerCase(),
  );
  const min = optionalCount(queryValue(request, "minCreationTime"), "minCreationTime") ?? 0;
  const max = optionalCount(queryValue(request, "maxCreationTime"), "maxCreationTime") ?? Number.MAX_SAFE_INTEGER;
  return (job) => {
    const state = job.outcome ? "done" : "running";
    return (wanted.length === 0 || wanted.includes(state)) && job.createdMs >= min && job.createdMs <= max;
  };
}

/** A dry run is no job: nothing is kept under its ID, and an error is the answer itself. */
function dryRunJob(request: Request, context: RestContext, wanted: QueryRequest): Reply["body"] & object {
  const { projectId, jobId, location, configuration } = wanted;
  const now = String(context.store.clock.nowMs());
  return {
    kind: "bigquery#job",
    id: `${projectId}:${location}.${jobId ?? ""}`,
    selfLink: `${selfBase(request)}/projects/${projectId}/jobs/${jobId ?? ""}`,
    jobReference: { projectId, location, ...(jobId ? { jobId } : {}) },
    configuration: { ...configuration, dryRun: true },
    status: { state: "DONE" },
    statistics: { creationTime: now, totalBytesProcessed: "0", query: dryRunStatistics(context, wanted) },
  };
}

function dryRunStatistics(context: RestContext, wanted: QueryRequest): JsonObject {
  const statement = translateRequest(context, wanted);
  const schema = statement.kind === "select" ? { schema: { fields: statement.fields.map(fieldResource) } } : {};
  return {
    statementType: statementTypeOf(statement),
    totalBytesProcessed: "0",
    totalBytesBilled: "0",
    cacheHit: false,
    ...schema,
  };
}

function dryRunAnswer(context: RestContext, wanted: QueryRequest): JsonObject {
  const { schema } = dryRunStatistics(context, wanted);
  const { projectId, location } = wanted;
  const common = { kind: "bigquery#queryResponse", jobReference: { projectId, location }, jobComplete: true };
  return { ...common, ...(schema ? { schema } : {}), totalBytesProcessed: "0", cacheHit: false };
}
