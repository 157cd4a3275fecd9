import type { DuckDBConnection, DuckDBResult } from "@duckdb/node-api";
import { systemClock, type Clock } from "#runtime/clock";
import type { Table } from "../schema/table.ts";
import { Catalog } from "./catalog.ts";
import { connect, type Database, type DatabaseOptions, lockDown, openDatabase } from "./database.ts";
import { QueryThreads } from "./query-threads.ts";
import { ReaderPool } from "./reader-pool.ts";
import { StreamRegistry } from "./stream-registry.ts";
import type { AppendOutcome, AppendTask } from "./append-task.ts";
import { WriterQueue } from "./writer-queue.ts";

export interface StoreOptions extends DatabaseOptions {
  readonly clock?: Clock;
  /** See WriterQueueOptions; default {@link DEFAULT_COMMIT_INTERVAL_MS}. */
  readonly commitIntervalMs?: number;
  readonly onCommit?: (appends: number, rows: number) => void;
}

/** One for the writer and three for queries: as many as libuv runs at once by default. */
const READER_CONNECTIONS = 3;
/** Some 100 transactions a second at most, at 4 ms of CPU each, whatever the number of small appends. */
const DEFAULT_COMMIT_INTERVAL_MS = 10;
const MAX_GROUP_APPENDS = 256;
const MAX_GROUP_ROWS = 20_000;

/**
 * The database under both front doors: catalog, write streams, the one writer, and readers.
 *
 * The front doors check and convert; the store keeps. What is acknowledged here survives a kill -9.
 */
export class Store {
  readonly clock: Clock;
  readonly catalog: Catalog;
  readonly streams: StreamRegistry;
  readonly writer: WriterQueue;
  readonly #readers: ReaderPool;
  readonly #database: Database;

  static async open(options: StoreOptions): Promise<Store> {
    const database = await openDatabase(options);
    try {
      return await Store.#over(database, options);
    } catch (error) {
      database.close();
      throw error;
    }
  }

  static async #over(database: Database, options: StoreOptions): Promise<Store> {
    const { instance } = database;
    const writing = await connect(instance);
    const catalog = await Catalog.load(writing);
    const streams = await StreamRegistry.load(writing);
    const readers = await Promise.all(Array.from({ length: READER_CONNECTIONS }, () => connect(instance)));
    const threads = new QueryThreads(await connect(instance), options.threads);
    await lockDown(writing);
    return new Store(database, writing, new ReaderPool(readers, threads), catalog, streams, options);
  }

  private constructor(
    database: Database,
    writing: DuckDBConnection,
    readers: ReaderPool,
    catalog: Catalog,
    streams: StreamRegistry,
    options: StoreOptions,
  ) {
    this.#database = database;
    this.#readers = readers;
    this.catalog = catalog;
    this.streams = streams;
    this.clock = options.clock ?? systemClock;
    this.writer = new WriterQueue({
      connection: writing,
      currentTable: (table) => this.currentTable(table),
      clock: this.clock,
      commitIntervalMs: options.commitIntervalMs ?? DEFAULT_COMMIT_INTERVAL_MS,
      maxGroupAppends: MAX_GROUP_APPENDS,
      maxGroupRows: MAX_GROUP_ROWS,
      ...(options.onCommit ? { onCommit: options.onCommit } : {}),
    });
  }

  /** The table as it is now; undefined if it was deleted, or deleted and made anew. */
  currentTable(table: Table): Table | undefined {
    const current = this.catalog.table(table.ref);
    return current?.storageName === table.storageName ? current : undefined;
  }

  append(task: AppendTask): Promise<AppendOutcome> {
    return this.writer.append(task);
  }

  /** Runs DuckDB SQL that only reads; see {@link ReaderPool.query}. */
  query<T>(duckSql: string, read: (result: DuckDBResult) => Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.#readers.query(duckSql, read, signal);
  }

  /** Runs one INSERT or DELETE in the writer queue; answers the number of rows it changed. */
  mutate(duckSql: string): Promise<number> {
    return this.writer.exclusive(async (connection) => (await connection.run(duckSql)).rowsChanged);
  }

  /** Finishes what is queued, writes a checkpoint, and lets go of the file. */
  async close(): Promise<void> {
    await this.writer.close();
    this.#readers.close();
    this.#database.close();
  }
}
