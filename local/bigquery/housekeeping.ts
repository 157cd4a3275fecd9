import type { DuckDBConnection } from "@duckdb/node-api";
import type { Store } from "./engine/store.ts";
import type { WriteStream } from "./engine/write-stream.ts";
import type { Table } from "./schema/table.ts";
import { livePartitions } from "./sql/query/expiration.ts";
import { quoteName } from "./schema/duck-text.ts";

/** A finalized stream is remembered this long, so that a late client still learns its row count. */
const FINALIZED_STREAM_MS = 7 * 86_400_000;

/** What a sweep removed. */
export interface Swept {
  readonly expiredRows: number;
  readonly streams: number;
}

/**
 * Deletes rows of expired partitions, forgets old finalized streams and compacts the progress log.
 *
 * Queries hide expired partitions at once; this gives their space back. Runs in the writer queue, a table at a time, so
 * appends wait for one table's deletion at most.
 */
export async function sweep(store: Store): Promise<Swept> {
  let expiredRows = 0;
  for (const table of store.catalog.allTables()) {
    const statement = expiredRowsStatement(table, store.clock.nowMicros());
    if (statement !== undefined) expiredRows += await deleteExpired(store, table, statement);
  }
  return { expiredRows, streams: await forgetStreams(store, store.clock.nowMs() - FINALIZED_STREAM_MS) };
}

function expiredRowsStatement(table: Table, nowMicros: bigint): string | undefined {
  const live = livePartitions(table, nowMicros);
  return live === undefined ? undefined : `DELETE FROM ${quoteName(table.storageName)} WHERE NOT (${live})`;
}

function deleteExpired(store: Store, table: Table, statement: string): Promise<number> {
  return store.writer.exclusive(async (connection) => {
    if (!store.currentTable(table)) return 0;
    return (await connection.run(statement)).rowsChanged;
  });
}

function forgetStreams(store: Store, beforeMs: number): Promise<number> {
  return store.writer
    .exclusive(
      async (connection: DuckDBConnection) => {
        const old = store.streams.select((stream: WriteStream) => stream.finalized && stream.createdMs < beforeMs);
        await store.streams.persistRemoval(connection, old);
        await store.streams.compactProgress(connection);
        return old;
      },
      (old) => store.streams.applyRemoval(old),
    )
    .then((old) => old.length);
}
