import type { DuckDBResult } from "@duckdb/node-api";
import { createTable, deleteTable, existingTable } from "../engine/table-operations.ts";
import { StoreError } from "../engine/store-error.ts";
import type { Field } from "../schema/field.ts";
import type { TableRef } from "../schema/table.ts";
import type { Statement } from "../sql/statement.ts";
import { ApiError } from "./api-error.ts";
import type { RestContext } from "./context.ts";
import { toApiError } from "./error-translation.ts";
import type { Job, JobOutcome, StatementType } from "./job.ts";
import type { QueryRequest } from "./query-request.ts";
import { encodeRows, rowEncoder } from "./result-row.ts";
import type { ResultWriter } from "./result-writer.ts";

/** Rows encoded at a time: bounds the text in memory when a row is large, and lets other requests run in between. */
const SLICE_ROWS = 256;

type View = Extract<Statement, { kind: "createView" }>;
type Drop = Extract<Statement, { kind: "drop" }>;

/** Translates a request's statement as of now. Throws `SqlError`. */
export function translateRequest({ translate, store }: RestContext, request: QueryRequest): Statement {
  const { sql, projectId, parameters, defaultDataset } = request;
  if (defaultDataset && defaultDataset.projectId !== projectId) {
    throw new ApiError("notImplemented", "Not implemented by the embedded BigQuery: defaultDataset of another project");
  }
  return translate({
    sql,
    catalog: store.catalog,
    projectId,
    ...(defaultDataset ? { defaultDatasetId: defaultDataset.datasetId } : {}),
    parameters,
    nowMicros: store.clock.nowMicros(),
  });
}

/** Starts a job; `jobs.close` waits for it. */
export function startJob(request: QueryRequest, context: RestContext): Job {
  const job = context.jobs.create(request);
  context.jobs.track(runJob(job, context));
  return job;
}

/** Runs a job to its end. Never rejects: a failure is the job's outcome. */
async function runJob(job: Job, context: RestContext): Promise<void> {
  const { store, logger } = context;
  const { jobTimeoutMs } = job.request;
  const timer = jobTimeoutMs && store.clock.setTimer(jobTimeoutMs, () => stopJob(job, context, "Job timed out."));
  try {
    const outcome = await outcomeOf(job, context);
    if (!job.finish(outcome, store.clock.nowMs())) await outcome.result?.dispose();
  } catch (error) {
    // What becomes of a statement after its job was stopped is nobody's concern any more.
    if (!job.outcome) job.finish({ error: toApiError(error, logger) }, store.clock.nowMs());
  }
  if (timer) timer.clear();
}

/** Ends a running job for its client at once; its statement is interrupted. */
export function stopJob(job: Job, { store }: RestContext, message: string): void {
  job.finish({ error: new ApiError("stopped", `Job execution was cancelled: ${message}`) }, store.clock.nowMs());
}

export function statementTypeOf(statement: Statement): StatementType {
  if (statement.kind === "createView") return "CREATE_VIEW";
  if (statement.kind === "drop") return `DROP_${statement.target}`;
  return statement.kind.toUpperCase() as "SELECT" | "INSERT" | "DELETE";
}

async function outcomeOf(job: Job, context: RestContext): Promise<JobOutcome> {
  const statement = translateRequest(context, job.request);
  const statementType = statementTypeOf(statement);
  switch (statement.kind) {
    case "select":
      return { statementType, ...(await select(job, context, statement.duckSql, statement.fields, statement.tables)) };
    case "createView":
      return { statementType, target: statement.ref, ddlOperation: await createView(statement, context) };
    case "drop":
      return { statementType, target: statement.ref, ddlOperation: await drop(statement, context) };
    default: {
      const target = statement.table.ref;
      return { statementType, target, changedRows: await mutate(statement.duckSql, target, context) };
    }
  }
}

async function select(
  job: Job,
  context: RestContext,
  sql: string,
  fields: readonly Field[],
  tables: readonly TableRef[],
): Promise<JobOutcome> {
  const writer = context.jobs.resultWriter();
  try {
    await context.store.query(sql, (result) => copyRows(job, result, fields, writer), job.signal);
    return { fields, result: await writer.finish() };
  } catch (error) {
    await writer.abandon();
    for (const table of tables) existingTable(context.store, table);
    throw error;
  }
}

async function copyRows(job: Job, result: DuckDBResult, fields: readonly Field[], writer: ResultWriter): Promise<void> {
  if (result.columnCount !== fields.length) throw new Error("the result has another number of columns than its schema");
  const encoder = rowEncoder(fields);
  for (;;) {
    const chunk = await result.fetchChunk();
    if (!chunk || chunk.rowCount === 0) return;
    for (let start = 0; start < chunk.rowCount; start += SLICE_ROWS) {
      if (job.outcome) throw new ApiError("stopped", "the job was stopped");
      await writer.append(encodeRows(chunk, encoder, start, Math.min(start + SLICE_ROWS, chunk.rowCount)));
    }
  }
}

async function createView(view: View, { store }: RestContext): Promise<"CREATE" | "REPLACE" | "SKIP"> {
  const existed = store.catalog.table(view.ref) !== undefined;
  const { ref, fields, query: viewQuery } = view;
  const draft = { ref, kind: "VIEW" as const, fields, viewQuery, requirePartitionFilter: false, metadata: {} };
  try {
    await createTable(store, draft, view.orReplace);
    return existed ? "REPLACE" : "CREATE";
  } catch (error) {
    if (view.ifNotExists && error instanceof StoreError && error.reason === "duplicate") return "SKIP";
    throw error;
  }
}

async function drop({ ref, target, ifExists }: Drop, { store }: RestContext): Promise<"DROP" | "SKIP"> {
  const table = store.catalog.table(ref);
  if (!table && ifExists) return "SKIP";
  if (table && table.kind !== target) {
    const name = `${ref.projectId}:${ref.datasetId}.${ref.tableId}`;
    throw new ApiError(
      "invalidQuery",
      `${name} is not allowed for this operation because it is currently a ${table.kind}.`,
      "q",
    );
  }
  await deleteTable(store, ref);
  return "DROP";
}

/** A table that went between translation and execution is told as such, not as what DuckDB makes of it. */
async function mutate(sql: string, target: TableRef, { store }: RestContext): Promise<number> {
  try {
    return await store.mutate(sql);
  } catch (error) {
    existingTable(store, target);
    throw error;
  }
}
