import type { DuckDBConnection } from "@duckdb/node-api";
import { oldestLiveMs } from "../schema/partition.ts";
import type { Table } from "../schema/table.ts";
import { quoteName } from "./duck-type.ts";
import type { Store } from "./store.ts";
import type { WriteStream } from "./write-stream.ts";

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
  const nowMs = store.clock.nowMs();
  let expiredRows = 0;
  for (const table of store.catalog.allTables()) {
    const statement = expiredRowsStatement(table, nowMs);
    if (statement !== undefined) expiredRows += await deleteExpired(store, table, statement);
  }
  return { expiredRows, streams: await forgetStreams(store, nowMs - FINALIZED_STREAM_MS) };
}

/** The DELETE for a table's expired partitions, or undefined if they never expire. */
export function expiredRowsStatement(table: Table, nowMs: number): string | undefined {
  const liveMs = oldestLiveMs(table, nowMs);
  const field = table.fields.find((each) => each.name.toLowerCase() === table.partitioning?.field.toLowerCase());
  if (liveMs === undefined || field === undefined) return undefined;
  const instant = `make_timestamp(${liveMs * 1000})`;
  const bound =
    field.type === "TIMESTAMP"
      ? `(${instant} AT TIME ZONE 'UTC')`
      : `${instant}::${field.type === "DATE" ? "DATE" : "TIMESTAMP"}`;
  return `DELETE FROM ${quoteName(table.storageName)} WHERE ${quoteName(field.name)} < ${bound}`;
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
