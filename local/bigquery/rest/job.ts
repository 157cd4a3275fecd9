import { randomUUID } from "node:crypto";
import type { Field } from "../schema/field.ts";
import type { TableRef } from "../schema/table.ts";
import type { ApiError } from "./api-error.ts";
import type { QueryRequest } from "./query-request.ts";
import type { StoredResult } from "./stored-result.ts";

/** Source: https://cloud.google.com/bigquery/docs/reference/rest/v2/Job#JobStatistics2.FIELDS.statement_type */
export type StatementType = "SELECT" | "INSERT" | "DELETE" | "CREATE_VIEW" | "DROP_TABLE" | "DROP_VIEW";

/** What a finished statement left: rows to read, or a count of changed rows, or neither (DDL). */
export interface JobOutcome {
  readonly statementType?: StatementType;
  /** Columns of `result`. */
  readonly fields?: readonly Field[];
  /** Table or view that was created, dropped or changed. */
  readonly target?: TableRef;
  readonly error?: ApiError;
  readonly result?: StoredResult;
  readonly changedRows?: number;
  readonly ddlOperation?: "CREATE" | "REPLACE" | "SKIP" | "DROP";
}

/** A query job from its request to its outcome. Finishes exactly once; what comes later is dropped by the caller. */
export class Job {
  readonly id: string;
  readonly request: QueryRequest;
  readonly createdMs: number;
  /** Resolves when the job is done, well or not. Never rejects. */
  readonly done: Promise<void>;
  readonly #finished: () => void;
  readonly #end = new AbortController();
  #outcome: JobOutcome | undefined;
  #endedMs: number | undefined;

  constructor(request: QueryRequest, nowMs: number) {
    this.request = request;
    this.id = request.jobId ?? `job_${randomUUID()}`;
    this.createdMs = nowMs;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.done = promise;
    this.#finished = () => resolve(undefined);
  }

  /** Aborted when the job is done: interrupts the statement of one that was stopped. */
  get signal(): AbortSignal {
    return this.#end.signal;
  }

  get outcome(): JobOutcome | undefined {
    return this.#outcome;
  }

  get endedMs(): number | undefined {
    return this.#endedMs;
  }

  /** False if the job was done already, e.g. cancelled: then the outcome given here is not taken. */
  finish(outcome: JobOutcome, nowMs: number): boolean {
    if (this.#outcome) return false;
    this.#outcome = outcome;
    this.#endedMs = nowMs;
    this.#finished();
    this.#end.abort(new Error("the job is done"));
    return true;
  }
}
