import type { DuckDBConnection } from "@duckdb/node-api";
import type { Clock } from "#runtime/clock";
import type { Table } from "../schema/table.ts";
import { AppendGroup } from "./append-group.ts";
import type { AppendOutcome, AppendTask } from "./append-task.ts";

interface PendingAppend {
  readonly task: AppendTask;
  readonly resolve: (outcome: AppendOutcome) => void;
  readonly reject: (error: unknown) => void;
}

type Entry =
  ({ readonly kind: "append" } & PendingAppend) | { readonly kind: "exclusive"; readonly run: () => Promise<void> };

export interface WriterQueueOptions {
  readonly connection: DuckDBConnection;
  /** The table as it is now, or undefined once it was deleted. Asked at the moment of the write. */
  readonly currentTable: (table: Table) => Table | undefined;
  readonly clock: Clock;
  /**
   * Least time from the start of one transaction of appends to the start of the next, while few rows wait. A lone append
   * after a pause is written at once; a trickle of small ones shares transactions.
   */
  readonly commitIntervalMs: number;
  /** Bounds on one transaction. */
  readonly maxGroupRows: number;
  readonly maxGroupAppends: number;
  /** Told after each commit of appends. */
  readonly onCommit?: (appends: number, rows: number) => void;
}

/** With this many rows waiting a transaction is worth its cost, whatever the interval says. */
const FULL_GROUP_ROWS = 2000;

/**
 * The only writer of the database: every insert, DDL and metadata change goes through here, one transaction at a time.
 *
 * Why one: DuckDB refuses two transactions that update the same row, and an ALTER breaks an append that is under way.
 * Why grouped: a small transaction costs milliseconds (its fsync most of all), so appends that wait together share one.
 *
 * Guarantee: an append's promise resolves after its transaction is on disk, with rows and the stream's row count in the
 * same transaction. It rejects only if nothing of it was stored. Order is first in, first out.
 *
 * Bound: callers look at {@link backlogBytes} and stop reading from their clients; the queue itself refuses nothing.
 */
export class WriterQueue {
  readonly #options: WriterQueueOptions;
  readonly #group: AppendGroup;
  #entries: Entry[] = [];
  #backlogBytes = 0;
  #waitingRows = 0;
  #lastStartMs = -Infinity;
  #hurry: () => void = () => undefined;
  #draining = false;
  #idle: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(options: WriterQueueOptions) {
    this.#options = options;
    this.#group = new AppendGroup(options.connection, options.currentTable);
  }

  /** Bytes of appends that are queued or in the transaction under way. */
  get backlogBytes(): number {
    return this.#backlogBytes;
  }

  append(task: AppendTask): Promise<AppendOutcome> {
    this.#backlogBytes += task.batch.bytes;
    const result = new Promise<AppendOutcome>((resolve, reject) => {
      this.#push({ kind: "append", task, resolve, reject });
    });
    return result.finally(() => (this.#backlogBytes -= task.batch.bytes));
  }

  /**
   * Runs `work` alone, in a transaction of its own that is rolled back if `work` rejects. `apply` runs right after the
   * commit and before anything else in the queue: it brings memory to what the disk now holds.
   */
  exclusive<T>(work: (connection: DuckDBConnection) => Promise<T>, apply?: (result: T) => void): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#push({ kind: "exclusive", run: () => this.#transact(work, apply).then(resolve, reject) });
    });
  }

  /** Refuses new work, finishes what is queued, then closes the connection. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#hurry();
    while (this.#draining) await this.#idle;
    this.#group.release();
    this.#options.connection.closeSync();
  }

  #push(entry: Entry): void {
    if (this.#closed) throw new Error("the database is closing");
    this.#entries.push(entry);
    if (entry.kind === "append") this.#waitingRows += entry.task.batch.rowCount;
    if (entry.kind === "exclusive" || this.#waitingRows >= FULL_GROUP_ROWS) this.#hurry();
    if (this.#draining) return;
    this.#draining = true;
    this.#idle = this.#drain();
  }

  async #drain(): Promise<void> {
    // Lets everything that arrives in this turn of the event loop into the first group.
    await Promise.resolve();
    while (this.#entries.length > 0) {
      await this.#pace();
      const appends = this.#takeAppends();
      if (appends.length > 0) await this.#commitAppends(appends);
      const next = this.#entries[0];
      if (next?.kind !== "exclusive") continue;
      this.#entries.shift();
      await next.run();
    }
    // In the same step as the look at the queue: an entry pushed after it starts a new drain.
    this.#draining = false;
  }

  /** Waits until the next transaction of appends is due, or until somebody is in a hurry. */
  async #pace(): Promise<void> {
    const { clock, commitIntervalMs } = this.#options;
    const waitMs = this.#lastStartMs + commitIntervalMs - clock.monotonicMs();
    const isLight = this.#waitingRows < FULL_GROUP_ROWS && this.#entries.every((entry) => entry.kind === "append");
    if (waitMs > 0 && isLight && !this.#closed) {
      const hurry = new AbortController();
      this.#hurry = () => hurry.abort();
      await clock.sleep(waitMs, hurry.signal).catch(() => undefined);
    }
    this.#lastStartMs = clock.monotonicMs();
  }

  #takeAppends(): PendingAppend[] {
    const { maxGroupAppends, maxGroupRows } = this.#options;
    const taken: PendingAppend[] = [];
    let rows = 0;
    for (const entry of this.#entries) {
      if (entry.kind !== "append" || taken.length >= maxGroupAppends || rows >= maxGroupRows) break;
      taken.push(entry);
      rows += entry.task.batch.rowCount;
    }
    this.#entries = this.#entries.slice(taken.length);
    this.#waitingRows -= rows;
    return taken;
  }

  /** One transaction for all; if it fails, one each, so that a single bad append cannot take others down with it. */
  async #commitAppends(appends: readonly PendingAppend[]): Promise<void> {
    try {
      const outcomes = await this.#group.commit(appends.map((append) => append.task));
      appends.forEach((append, i) => append.resolve(outcomes[i] as AppendOutcome));
      this.#report(appends, outcomes);
    } catch (error) {
      if (appends.length === 1) appends[0]?.reject(error);
      else for (const append of appends) await this.#commitAppends([append]);
    }
  }

  #report(appends: readonly PendingAppend[], outcomes: readonly AppendOutcome[]): void {
    const stored = appends.filter((_, i) => outcomes[i]?.kind === "store");
    const rows = stored.reduce((sum, append) => sum + append.task.batch.rowCount, 0);
    this.#options.onCommit?.(stored.length, rows);
  }

  async #transact<T>(
    work: (connection: DuckDBConnection) => Promise<T>,
    apply: ((result: T) => void) | undefined,
  ): Promise<T> {
    const { connection } = this.#options;
    // The work may change tables, and an open appender would keep the old shape.
    this.#group.release();
    await connection.run("BEGIN");
    try {
      const result = await work(connection);
      await connection.run("COMMIT");
      apply?.(result);
      return result;
    } catch (error) {
      await connection.run("ROLLBACK").catch(() => undefined);
      throw error;
    }
  }
}
