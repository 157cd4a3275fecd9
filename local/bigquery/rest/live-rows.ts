import type { Table } from "../schema/table.ts";
import { livePartitions } from "../sql/query/expiration.ts";
import type { RestContext } from "./context.ts";
import { quoteName } from "../schema/duck-text.ts";

/** `FROM` and `WHERE` of a table's rows without those of expired partitions, which are still stored until the sweep. */
export function fromLiveRows({ store }: RestContext, table: Table): string {
  const filter = livePartitions(table, store.clock.nowMicros());
  return `FROM ${quoteName(table.storageName)} WHERE ${filter === undefined ? "true" : `(${filter})`}`;
}

/** The number of these rows. Without an expiration DuckDB has it in its statistics. */
export async function countRows(context: RestContext, table: Table): Promise<string> {
  return context.store.query(`SELECT count(*) ${fromLiveRows(context, table)}`, async (result) => {
    const rows = await result.getRows();
    return String(rows[0]?.[0]);
  });
}
