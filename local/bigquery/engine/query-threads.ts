import type { DuckDBConnection } from "@duckdb/node-api";

/** A thread that calls DuckDB works on what it called for; DuckDB's own threads are those beyond it. */
const CALLING_THREADS = 1;

/**
 * DuckDB's own threads, there only while a query runs.
 *
 * Why: they help a query, but every small statement of the writer wakes them too. Without them 50 transactions of 40 rows
 * a second take half the CPU. Starting and ending them takes a third of a millisecond.
 */
export class QueryThreads {
  readonly #connection: DuckDBConnection;
  readonly #threads: number;
  #queries = 0;
  #isOn = false;
  #settled: Promise<void> = Promise.resolve();

  /** `connection` is for its settings alone; `threads` counts the calling thread. */
  constructor(connection: DuckDBConnection, threads: number) {
    this.#connection = connection;
    this.#threads = threads;
  }

  /** To be called before a query runs; resolves when its threads are there. */
  enter(): Promise<void> {
    this.#queries++;
    return this.#settle();
  }

  /** To be called once for each {@link enter}, when the query has ended. */
  leave(): Promise<void> {
    this.#queries--;
    return this.#settle();
  }

  close(): void {
    this.#connection.closeSync();
  }

  /** One change at a time, and each looks at the newest state: who comes while another leaves finds threads. */
  #settle(): Promise<void> {
    const apply = (): Promise<void> => this.#apply();
    this.#settled = this.#settled.then(apply, apply);
    return this.#settled;
  }

  async #apply(): Promise<void> {
    const on = this.#queries > 0;
    if (on === this.#isOn) return;
    await this.#connection.run(`SET ${THREADS_SETTING} = ${on ? CALLING_THREADS : this.#threads}`);
    this.#isOn = on;
  }
}

/** How many of DuckDB's threads are the callers': as many as `threads` leaves none of its own. */
export const THREADS_SETTING = "external_threads";
