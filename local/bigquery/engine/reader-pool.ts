import type { DuckDBConnection, DuckDBResult } from "@duckdb/node-api";
import type { QueryThreads } from "./query-threads.ts";
import { StoreError } from "./store-error.ts";

/** Queries that may wait for a connection; one more is refused, so that a flood of queries ends in errors, not in memory. */
const MAX_WAITING = 200;

/**
 * A fixed set of connections for queries. DuckDB lets them read while the writer writes; each query sees the state of
 * one moment. First come, first served.
 */
export class ReaderPool {
  readonly #free: DuckDBConnection[];
  readonly #all: readonly DuckDBConnection[];
  readonly #threads: QueryThreads;
  readonly #waiting: ((connection: DuckDBConnection) => void)[] = [];

  constructor(connections: readonly DuckDBConnection[], threads: QueryThreads) {
    this.#all = connections;
    this.#free = [...connections];
    this.#threads = threads;
  }

  /**
   * Runs `sql` and hands its streaming result to `read`; the connection is busy until `read` settles. An abort of
   * `signal` interrupts the query: it, or the next read of its result, rejects.
   */
  async query<T>(sql: string, read: (result: DuckDBResult) => Promise<T>, signal?: AbortSignal): Promise<T> {
    const connection = await this.#take();
    const interrupt = (): void => connection.interrupt();
    try {
      await this.#threads.enter();
      signal?.throwIfAborted();
      signal?.addEventListener("abort", interrupt);
      return await read(await connection.stream(sql));
    } finally {
      signal?.removeEventListener("abort", interrupt);
      this.#giveBack(connection);
      await this.#threads.leave();
    }
  }

  close(): void {
    this.#threads.close();
    for (const connection of this.#all) connection.closeSync();
  }

  async #take(): Promise<DuckDBConnection> {
    const connection = this.#free.pop();
    if (connection) return connection;
    if (this.#waiting.length >= MAX_WAITING) throw new StoreError("backendError", "too many queries are waiting");
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #giveBack(connection: DuckDBConnection): void {
    const next = this.#waiting.shift();
    if (next) next(connection);
    else this.#free.push(connection);
  }
}
