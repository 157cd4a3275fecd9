import type { PartitionGranularity, Table } from "./table.ts";

/**
 * The first instant, in milliseconds since the epoch, of the oldest partition that has not expired; undefined if the
 * table's partitions never do. Rows before it have disappeared, whether or not they were deleted yet.
 *
 * A partition expires as a whole, its age counted from its start:
 * https://cloud.google.com/bigquery/docs/managing-partitioned-tables#partition-expiration
 */
export function oldestLiveMs(table: Table, nowMs: number): number | undefined {
  const { partitioning } = table;
  if (partitioning?.expirationMs === undefined) return undefined;
  const start = partitionStartMs(partitioning.granularity, nowMs - partitioning.expirationMs);
  // The partition that starts exactly `expirationMs` ago has just expired, and so has one that started earlier.
  return nextPartitionMs(partitioning.granularity, start);
}

/** Start of the partition that holds an instant, in milliseconds since the epoch (UTC). */
export function partitionStartMs(granularity: PartitionGranularity, ms: number): number {
  const date = new Date(ms);
  const year = date.getUTCFullYear();
  switch (granularity) {
    case "HOUR":
      return Math.floor(ms / 3_600_000) * 3_600_000;
    case "DAY":
      return Math.floor(ms / 86_400_000) * 86_400_000;
    case "MONTH":
      return Date.UTC(year, date.getUTCMonth());
    case "YEAR":
      return Date.UTC(year, 0);
  }
}

function nextPartitionMs(granularity: PartitionGranularity, startMs: number): number {
  const date = new Date(startMs);
  switch (granularity) {
    case "HOUR":
      return startMs + 3_600_000;
    case "DAY":
      return startMs + 86_400_000;
    case "MONTH":
      return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1);
    case "YEAR":
      return Date.UTC(date.getUTCFullYear() + 1, 0);
  }
}
