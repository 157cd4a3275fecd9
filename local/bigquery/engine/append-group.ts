import type { DuckDBAppender, DuckDBConnection } from "@duckdb/node-api";
import type { Table } from "../schema/table.ts";
import { TableAppender } from "./table-appender.ts";
import { decideAppend, type WriteStream } from "./write-stream.ts";
import type { AppendOutcome, AppendTask } from "./append-task.ts";

/** Log of `(stream_id, rows)`: the newest row of a stream is its row count. Compacted at start and by the sweep. */
export const PROGRESS_TABLE = "bq_stream_progress";

/** Appenders kept open from one transaction to the next; making one costs about as much as 30 rows. */
const MAX_OPEN_APPENDERS = 32;

/**
 * Writes the appends of one transaction: rows and the streams' new row counts together or not at all.
 *
 * Stream counts are advanced in memory while the group is staged, so that several appends to a stream can share the
 * transaction, and are put back if it fails.
 */
export class AppendGroup {
  readonly #connection: DuckDBConnection;
  readonly #currentTable: (table: Table) => Table | undefined;
  readonly #appenders = new Map<string, TableAppender>();
  #progress: DuckDBAppender | undefined;

  constructor(connection: DuckDBConnection, currentTable: (table: Table) => Table | undefined) {
    this.#connection = connection;
    this.#currentTable = currentTable;
  }

  /** Commits the tasks in order. Rejects if nothing was stored. */
  async commit(tasks: readonly AppendTask[]): Promise<AppendOutcome[]> {
    const before = new Map<WriteStream, number>();
    const touched = new Set<TableAppender>();
    if (this.#appenders.size > MAX_OPEN_APPENDERS) this.release();
    try {
      await this.#connection.run("BEGIN");
      const outcomes: AppendOutcome[] = [];
      for (const task of tasks) outcomes.push(await this.#stage(task, before, touched));
      for (const appender of touched) appender.flush();
      await this.#logProgress(before.keys());
      await this.#connection.run("COMMIT");
      return outcomes;
    } catch (error) {
      for (const [stream, rows] of before) stream.rows = rows;
      this.release();
      await this.#connection.run("ROLLBACK").catch(() => undefined);
      throw error;
    }
  }

  /** Closes all appenders. Must be called before a table changes its shape. */
  release(): void {
    for (const appender of this.#appenders.values()) closeQuietly(() => appender.close());
    this.#appenders.clear();
    closeQuietly(() => this.#progress?.closeSync());
    this.#progress = undefined;
  }

  async #stage(
    task: AppendTask,
    before: Map<WriteStream, number>,
    touched: Set<TableAppender>,
  ): Promise<AppendOutcome> {
    const { stream, batch } = task;
    const decision = stream ? decideAppend(stream, task.offset) : { kind: "store" as const, offset: 0 };
    if (decision.kind !== "store") return decision;
    const table = this.#currentTable(task.table);
    if (!table) return { kind: "tableGone" };
    const appender = await this.#appenderFor(table);
    touched.add(appender);
    appender.add(batch);
    if (stream) {
      if (!before.has(stream)) before.set(stream, stream.rows);
      stream.rows += batch.rowCount;
    }
    return decision;
  }

  async #appenderFor(table: Table): Promise<TableAppender> {
    const open = this.#appenders.get(table.storageName);
    if (open) return open;
    const appender = await TableAppender.open(this.#connection, table);
    this.#appenders.set(table.storageName, appender);
    return appender;
  }

  async #logProgress(streams: Iterable<WriteStream>): Promise<void> {
    let any = false;
    for (const stream of streams) {
      this.#progress ??= await this.#connection.createAppender(PROGRESS_TABLE);
      this.#progress.appendBigInt(BigInt(stream.id));
      this.#progress.appendBigInt(BigInt(stream.rows));
      this.#progress.endRow();
      any = true;
    }
    if (any) this.#progress?.flushSync();
  }
}

/** An appender whose transaction failed reports that failure again when it is closed; it was reported already. */
function closeQuietly(close: () => void): void {
  try {
    close();
  } catch {
    // See above.
  }
}
