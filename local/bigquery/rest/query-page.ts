import { invalid } from "./api-error.ts";
import type { Job } from "./job.ts";
import { dmlResult, jobReference } from "./job-resource.ts";
import { makeToken, readToken } from "./paging.ts";
import { fieldResource } from "./schema-input.ts";
import { respell, type TimestampFormat } from "./timestamp-format.ts";

/**
 * Bound on a page's rows; the documented one is 10 MB for the whole answer.
 * Source: https://cloud.google.com/bigquery/docs/paging-results#page_through_query_results
 */
export const MAX_PAGE_BYTES = 8 * 1024 * 1024;
export const MAX_PAGE_ROWS = 100_000;

/** What part of a result a client wants. */
export interface PageRequest {
  readonly start: number;
  readonly maxRows: number;
  readonly format: TimestampFormat;
}

/** Where a page starts: at its token, else at `startIndex`. */
export function pageStart(pageToken: string | undefined, startIndex: number | undefined): number {
  if (!pageToken) return startIndex ?? 0;
  const position = readToken(pageToken);
  if (!/^\d{1,15}$/.test(position)) throw invalid("Invalid page token", "pageToken");
  return Number(position);
}

/**
 * The answer of jobs.query and jobs.getQueryResults, as JSON text: rows are kept as such and not parsed again. The
 * outcome's error, if it has one, is thrown.
 */
export async function queryAnswer(kind: string, job: Job, page: PageRequest): Promise<string> {
  const common = { kind, jobReference: jobReference(job), jobComplete: job.outcome !== undefined };
  if (!job.outcome) return JSON.stringify(common);
  const { error, result, fields } = job.outcome;
  if (error) throw error;
  const processed = { ...common, totalBytesProcessed: "0", cacheHit: false, ...dmlResult(job) };
  if (!result || !fields) return JSON.stringify(processed);
  const rows = await result.read(page.start, page.maxRows, MAX_PAGE_BYTES);
  const next = page.start + rows.length;
  const head = {
    ...processed,
    schema: { fields: fields.map(fieldResource) },
    totalRows: String(result.totalRows),
    ...(next < result.totalRows ? { pageToken: makeToken(String(next)) } : {}),
  };
  return withRows(head, respell(rows, fields, page.format));
}

/** An object's JSON text with `rows` added; without rows the member is left out, as in the API. */
export function withRows(head: object, rows: readonly string[]): string {
  const text = JSON.stringify(head);
  return rows.length === 0 ? text : `${text.slice(0, -1)},"rows":[${rows.join(",")}]}`;
}
