import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { randomUUID } from "node:crypto";
import type { Clock } from "#runtime/clock";
import { ApiError } from "./api-error.ts";
import { Job } from "./job.ts";
import type { QueryRequest } from "./query-request.ts";
import { ResultBudget } from "./result-budget.ts";
import { ResultWriter } from "./result-writer.ts";

export interface JobLimits {
  readonly maxJobs: number;
  readonly maxAgeMs: number;
  readonly memoryBytes: number;
  readonly spoolBytes: number;
}

/** Real jobs are kept for months and their results for a day; here they only have to outlive the paging of a client. */
export const DEFAULT_JOB_LIMITS: JobLimits = {
  maxJobs: 1000,
  maxAgeMs: 3_600_000,
  memoryBytes: 64 * 1024 * 1024,
  spoolBytes: 256 * 1024 * 1024,
};

/** Reasons for which the official clients send a request again, with the same requestId. */
const RETRYABLE: ReadonlySet<string> = new Set(["backendError", "internalError"]);

/**
 * The jobs that clients can still ask for: the newest ones within the limits. Running jobs are never dropped; the number
 * of these is bounded by the store's queue of queries.
 */
export class JobRegistry {
  readonly #clock: Clock;
  readonly #limits: JobLimits;
  readonly #directory: string;
  readonly #budget: ResultBudget;
  /** In order of creation. */
  readonly #jobs = new Map<string, Job>();
  readonly #byRequestId = new Map<string, Job>();
  readonly #running = new Set<Promise<void>>();

  /** Empties `directory`: results of an earlier process belong to jobs that nobody knows any more. */
  constructor(directory: string, clock: Clock, limits: JobLimits = DEFAULT_JOB_LIMITS) {
    this.#directory = directory;
    this.#clock = clock;
    this.#limits = limits;
    this.#budget = new ResultBudget(limits, () => this.#evictOldest((job) => job.outcome?.result?.isSpooled === true));
    rmSync(directory, { recursive: true, force: true });
    mkdirSync(directory, { recursive: true });
  }

  /** Bytes of results on disk. */
  get spooledBytes(): number {
    return this.#budget.spooledBytes;
  }

  /** A new job, running. A second one under an ID that is taken is refused. */
  create(request: QueryRequest): Job {
    this.evict();
    const job = new Job(request, this.#clock.nowMs());
    const key = keyOf(request.projectId, job.id);
    if (this.#jobs.has(key)) throw new ApiError("duplicate", `Already Exists: Job ${request.projectId}:${job.id}`);
    while (!this.#budget.tryTakeMemory(2 * request.bytes)) {
      if (!this.#evictOldest((old) => old.outcome !== undefined)) throw new ApiError("backendError", "too many jobs");
    }
    this.#jobs.set(key, job);
    if (request.requestId) this.#byRequestId.set(keyOf(request.projectId, request.requestId), job);
    return job;
  }

  /** The job that an earlier try of the same request started, unless it failed for a reason that asks for a new try. */
  findByRequestId({ projectId, requestId }: QueryRequest): Job | undefined {
    if (requestId === undefined) return undefined;
    const job = this.#byRequestId.get(keyOf(projectId, requestId));
    return RETRYABLE.has(job?.outcome?.error?.reason ?? "") ? undefined : job;
  }

  /** The job, or the error that says that there is none (any more). */
  get(projectId: string, jobId: string): Job {
    this.evict();
    const job = this.#jobs.get(keyOf(projectId, jobId));
    if (job) return job;
    throw new ApiError("notFound", `Not found: Job ${projectId}:${jobId} (it never was, or its results have expired)`);
  }

  /** The project's jobs, newest first. */
  list(projectId: string): readonly Job[] {
    this.evict();
    return [...this.#jobs.values()].filter((job) => job.request.projectId === projectId).toReversed();
  }

  remove(job: Job): void {
    const { projectId, requestId, bytes } = job.request;
    if (!this.#jobs.delete(keyOf(projectId, job.id))) return;
    if (requestId) this.#byRequestId.delete(keyOf(projectId, requestId));
    this.#budget.giveMemory(2 * bytes);
    // A file that cannot be removed is removed at the next start.
    void job.outcome?.result?.dispose().catch(() => undefined);
  }

  /** Remembers a job's run for {@link close}; the promise must not reject. */
  track(run: Promise<void>): void {
    this.#running.add(run);
    void run.finally(() => this.#running.delete(run));
  }

  /** Fails the jobs that still run, and resolves when the last of them has let go of the store. */
  async close(): Promise<void> {
    const error = new ApiError("backendError", "The server is stopping");
    for (const job of this.#jobs.values()) job.finish({ error }, this.#clock.nowMs());
    await Promise.all(this.#running);
  }

  resultWriter(): ResultWriter {
    return new ResultWriter(join(this.#directory, `${randomUUID()}.ndjson`), this.#budget);
  }

  /** Drops finished jobs beyond the limits on age and number. */
  evict(): void {
    const oldest = this.#clock.nowMs() - this.#limits.maxAgeMs;
    for (const job of this.#jobs.values()) {
      if (job.endedMs !== undefined && job.endedMs < oldest) this.remove(job);
    }
    while (this.#jobs.size > this.#limits.maxJobs && this.#evictOldest((job) => job.outcome !== undefined));
  }

  #evictOldest(which: (job: Job) => boolean): boolean {
    for (const job of this.#jobs.values()) {
      if (!which(job)) continue;
      this.remove(job);
      return true;
    }
    return false;
  }
}

function keyOf(projectId: string, id: string): string {
  return `${projectId}/${id}`;
}
